"""Traditional Chinese, as in Taiwan."""

TEXTS = {
    "menu": "主控台",
    "error": "沒有成功",
    "error.back": "返回",
    "error.unexpected": "發生未預期的錯誤；詳情請看啟動主控台處的紀錄。",
    "offline": "主控台沒有回應。請用 graft ui 重新啟動；不會遺失任何東西。",
}

# What figures are called, besides those that a verdict names.
WORDS = {
    "precision": "精確率",
    "recall": "召回率",
    "log loss": "對數損失",
    "calibration error": "校準誤差",
}
