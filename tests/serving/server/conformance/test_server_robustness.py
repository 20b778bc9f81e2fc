"""Hostile and unlucky clients: none of them may stop the others."""

import asyncio
import concurrent.futures
import http.client
import resource
import socket
import time

import grpc
import numpy as np
from server_harness import predict_request

BODY = b'{"instances": [1.0]}'
HEAD = b"POST /v1/models/kitchen:predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


def alive(server):
    assert server.predict("", x=[1.0])["y"].tolist() == [2.0]
    assert server.post("/v1/models/kitchen:predict", BODY).status == 200
    assert server.process.poll() is None


async def one_request(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(HEAD % len(BODY) + BODY)
        await writer.drain()
        return await asyncio.wait_for(reader.readline(), 100)
    finally:
        writer.close()


def test_a_thousand_connections_at_once(kitchen):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))

    async def all_at_once():
        return await asyncio.gather(*(one_request(kitchen.rest_port) for _ in range(1000)))

    answers = asyncio.run(all_at_once())
    assert answers == [b"HTTP/1.1 200 OK\r\n"] * 1000
    alive(kitchen)


def test_a_hundred_grpc_channels(kitchen):
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    method = "/tensorflow.serving.PredictionService/Predict"
    payload = predict_request(x=[1.0]).SerializeToString()
    channels = [
        grpc.insecure_channel(f"127.0.0.1:{kitchen.port}", options=options) for _ in range(100)
    ]
    try:
        calls = [channel.unary_unary(method).future(payload, timeout=100) for channel in channels]
        assert all(call.result() for call in calls)
    finally:
        for channel in channels:
            channel.close()
    alive(kitchen)


def test_slow_and_silent_clients_do_not_hold_up_others(kitchen):
    slow = [socket.create_connection(("127.0.0.1", kitchen.rest_port), 30) for _ in range(50)]
    try:
        for index, client in enumerate(slow):
            client.sendall((HEAD % len(BODY))[: index % 40] if index % 2 else HEAD % 1000 + b"{")
        # None of them has been answered or refused, and the others are.
        alive(kitchen)
    finally:
        for client in slow:
            client.close()


def test_clients_that_hang_up(kitchen):
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", kitchen.rest_port), 30) as client:
            client.sendall(HEAD % len(BODY) + BODY)
    alive(kitchen)


def test_garbage_instead_of_http(kitchen):
    for data in (b"\x00" * 1000, b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xff\n"):
        with socket.create_connection(("127.0.0.1", kitchen.rest_port), 30) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            client.settimeout(20)
            while client.recv(4096):
                pass
    with socket.create_connection(("127.0.0.1", kitchen.port), 30) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
    alive(kitchen)


def test_calls_that_are_cancelled_in_flight(kitchen):
    request = predict_request("spin", n=np.array([50_000], np.int64))
    calls = [kitchen.prediction.Predict.future(request, timeout=30) for _ in range(20)]
    time.sleep(0.1)
    for call in calls:
        call.cancel()
    alive(kitchen)


def test_many_kinds_of_requests_at_the_same_time(kitchen):
    def ask(number):
        kind = number % 5
        if kind == 0:
            return kitchen.predict("", x=[1.0])["y"].tolist() == [2.0]
        if kind == 1:
            return kitchen.post("/v1/models/kitchen:predict", BODY).status == 200
        if kind == 2:
            return kitchen.post("/v1/models/kitchen:predict", b"{" * number).status == 400
        if kind == 3:
            return kitchen.predict_rest("refuse", {"instances": [-1.0]}).status == 400
        return kitchen.get("/v1/models/kitchen").status == 200

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert all(pool.map(ask, range(400)))


def test_one_connection_many_requests(kitchen):
    connection = http.client.HTTPConnection("127.0.0.1", kitchen.rest_port, timeout=60)
    try:
        for _ in range(500):
            connection.request("POST", "/v1/models/kitchen:predict", BODY)
            response = connection.getresponse()
            assert response.status == 200 and response.read()
    finally:
        connection.close()
