"""Traditional Chinese, as in Taiwan."""

TEXTS = {
    "menu": "試用",
    "no_model": "還沒有模型可以試用。",
    "no_model.do": "用一個圖片資料夾建立模型",
    "lead": "模型認為這張圖片是什麼？",
    "model": "模型",
    "choose": "選擇圖片",
    "ask": "詢問",
    "wait": "詢問中 …",
    "hint": "選擇一張圖片，或拖放到這個頁面。圖片會送到閘道，不會保存，也不算線上資料。",
    "too_large": "檔案最大 {most} MiB，這個檔案太大；請選擇其他檔案，或先縮小。",
    "offline": "主控台沒有回應，或檔案太大：請重新啟動主控台，或選擇其他檔案。",
    "asks": "模型請人判定",
    "likeliest": "最像「{name}」，{percent} %，由第 {version} 版判定。",
    "picture": "圖片",
    "heat_map": "模型看的地方：遮住有顏色的部分會降低信心",
    "class": "類別",
    "confidence": "信心",
}
