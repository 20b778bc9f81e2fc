"""Traditional Chinese, as in Taiwan."""

TEXTS = {
    "menu": "主控台",
    "error": "沒有成功",
    "error.back": "返回",
    "error.unexpected": "發生未預期的錯誤；詳情請看啟動主控台處的紀錄。",
    "offline": "主控台沒有回應。請用 graft ui 重新啟動；不會遺失任何東西。",
}
