"""The web console: pages rendered on the server, with aiohttp, Jinja2 and a vendored htmx."""
