"""Traditional Chinese, as in Taiwan."""

TEXTS = {
    "menu": "監看",
    "no_model": "還沒有模型可以監看。",
    "no_model.do": "用一個圖片資料夾建立模型",
    "model": "模型",
    "days": "期間",
    "days.last": "最近 {days} 天",
    "wait": "正在讀取紀錄 …",
    "show": "顯示",
    "shares": "模型的回答",
    "shares.hint": "每天（UTC）各種回答的比例。將游標移到長條上可看數字。",
    "answer.ask": "請人判定",
    "shares.none": "這段期間的預測紀錄是空的。請透過閘道送圖片，它會保存紀錄；下列指令會啟動閘道"
    "與模型伺服器：",
    "drift": "離警報多近",
    "drift.hint": "每次檢查中最接近警報的偵測器：統計量佔門檻的比例。高於虛線即為警報。",
    "drift.none": "這段期間監控沒有檢查過這個模型。執行下列指令後，每天會檢查一次：",
    "loss": "估計的損失",
    "loss.hint": "每次檢查估計的準確率損失（百分點，與參考資料相比）；高於虛線即為損失。",
    "legend.version": "發佈版本",
    "legend.retraining": "開始重新訓練",
    "legend.alarm": "警報",
    "mark.version": "發佈了第 {name} 版",
    "mark.retraining": "重新訓練：{name}",
    "mark.alarm": "警報：{name}",
    "events": "發生的事",
    "events.when": "時間",
    "events.what": "內容",
    "events.open": "開啟",
    "events.version": "發佈第 {version} 版；目前狀態：{state}",
    "events.retraining": "重新訓練 {run}：{state}",
    "word.keep": "一切如常",
    "word.ask": "需要人來看",
    "word.fix_camera": "請檢查相機",
    "word.blind": "紀錄太少，無法判斷",
    "word.retrain": "重新訓練",
    "state.staged": "已放置，尚未確認",
    "state.confirmed": "已確認",
    "state.retired": "已收回",
    "state.pruned": "為節省空間已移除",
    "claim.leased": "進行中",
    "claim.done": "完成",
    "claim.failed": "失敗",
    "look": "檢查第 {version} 版",
    "look.gone": "這次檢查的報告已不在：執行 {run} 的資料夾不存在了。",
    "look.label": "標註圖片",
    "look.back": "回到時間軸",
    "look.pictures": "最能說明的圖片",
    "look.pictures.hint": "左邊是送來的圖片，右邊是模型訓練時最相似的圖片。",
    "look.pictures.none": "這次檢查沒有指出圖片。",
    "look.gone_picture": "已不再保存",
    "look.detectors": "偵測器",
    "look.detector": "偵測器",
    "look.statistic": "統計量",
    "look.threshold": "門檻",
    "look.promise": "保證",
}

# What the monitor writes into its record, see `components.monitor`: `decide`, `observe.silence`,
# `explain` and `report.harm_sentence`.
SENTENCES = {
    "There is no prediction log in {name}.": "{name} 沒有預測紀錄。",
    "Send predictions through `graft gateway`, or correct monitor.log and monitor.model_name.": (
        "請透過 graft gateway 送出圖片，或更正 monitor.log 與 monitor.model_name。"
    ),
    "The volume of the prediction log in {name} is full: {free} MiB are free, so that "
    "records are lost.": "{name} 的預測紀錄所在的磁碟已滿：只剩 {free} MiB，紀錄正在遺失。",
    "Version {version} has no reference in {root}, so nothing can be compared; publish a version "
    "with this release of Graft, which keeps one.": (
        "第 {version} 版在 {root} 沒有參考資料，無法比較；請以這一版 Graft 發布新版本，它會保留參考資料。"
    ),
    "The reference in {root} cannot be read: {why}.": "無法讀取 {root} 的參考資料：{why}。",
    "The reference in {root} was made with another model than version {version} holds; put back "
    "the one that came with the version.": (
        "{root} 的參考資料屬於另一個模型，而非第 {version} 版；請放回該版本原有的參考資料。"
    ),
    "Free some space, or keep the log for a shorter time.": "請清出空間，或縮短紀錄保存時間。",
    "The prediction log in {name} has no record of the last three weeks.": "{name} 的預測紀錄在過去三週沒有任何一筆。",
    "Send predictions through `graft gateway`; look whether it runs and writes there "
    "(graft_gateway_log_newest_record_timestamp_seconds).": (
        "請透過 graft gateway 送出圖片，並確認它在執行且寫入該處（graft_gateway_log_newest_record_timestamp_seconds）。"
    ),
    "No new prediction for {hours} h, since {time}, at a time when there should be some.": (
        "自 {time} 起已有 {hours} 小時沒有新的預測，而此時應該有。"
    ),
    "Look whether the line runs, the gateway is up, and requests go through it.": (
        "請確認產線在運作、閘道已啟動，且請求經由閘道。"
    ),
    "Version {version} is the newest, but version {others} still answers.": (
        "最新的是第 {version} 版，但仍由第 {others} 版回答。"
    ),
    "Look whether the server has loaded it: its log says why not.": "請確認伺服器已載入它；原因請見伺服器的紀錄。",
    "None of {count} records can be used: {list}.": "{count} 筆紀錄都無法使用：{list}。",
    "{count} × {why}, {others}": "{count} × {why}，{others}",
    "{count} × {why}": "{count} × {why}",
    "Look at the server's log, and at what the gateway passes on.": "請查看伺服器的紀錄，以及閘道轉送的內容。",
    "The window holds {count} usable {pictures}; at least {least} are needed to say anything.": (
        "這段時間只有 {count} 張可用的圖片；至少需要 {least} 張才能判斷。"
    ),
    "The camera has changed ({fault}, confidence {share}): {advice}": "相機有變化（{fault}，信心 {share}）：{advice}",
    "look at it.": "請檢查相機。",
    "A camera fault is never answered by training.": "相機的問題不以重新訓練處理。",
    "This may be a camera fault ({fault}, confidence {share}, below {least}); look at the "
    "camera before anything is trained.": "可能是相機的問題（{fault}，信心 {share}，低於 {least}）；訓練之前請先檢查相機。",
    "The pictures show a product that the model has not been trained on.": "圖片中的產品，模型沒有訓練過。",
    "The share of `{name}` among the answers rose from {usual} to {now} (alarmed: {names}): "
    "look at the process first.": "回答「{name}」的比例從 {usual} 升到 {now}（警報：{names}）：請先檢查製程。",
    "The share of `{name}` among the answers fell from {usual} to {now} (alarmed: {names}): "
    "look at the process first.": "回答「{name}」的比例從 {usual} 降到 {now}（警報：{names}）：請先檢查製程。",
    "If the product is as it was, the model is wrong. {do}": "若產品沒有改變，就是模型有誤。{do}",
    "Label a small random sample (`graft audit sample`) to know.": "請標記一小批隨機樣本（graft audit sample）來確認。",
    "Runs that start themselves are switched off (max_runs_per_week is 0).": (
        "自動重新訓練已關閉（max_runs_per_week 為 0）。"
    ),
    "{count} new labelled {pictures} can be learnt from.": "有 {count} 張新標記的圖片可供學習。",
    "No detector sees a change. {do}": "沒有偵測器看到變化。{do}",
    "What it costs cannot be estimated. {do}": "無法估計造成的損失。{do}",
    "That is not enough evidence to act on. {do}": "證據不足，無法據以行動。{do}",
    "The change does no harm worth acting on.": "這個變化造成的損失不需要處理。",
    "No detector alarms over {count} {pictures}.": "{count} 張圖片，沒有偵測器發出警報。",
    "Accuracy has fallen by {points} points ({low} to {high}, measured on a labelled sample).": (
        "準確率下降 {points} 個百分點（{low} 到 {high}，以標記的樣本測量）。"
    ),
    "{verdict}, about {points} points of accuracy ({low} to {high}, judged without labels).": (
        "{verdict}：準確率約 {points} 個百分點（{low} 到 {high}，未使用標記估計）。"
    ),
    "{count} {detectors} looked; alarmed: {names}.": "{count} 個偵測器檢查過；警報：{names}。",
    "There are {count} new labelled {pictures} to learn from, {least} are needed: label some "
    "(`graft label queue`) and add them (`graft data add`).": (
        "可供學習的新標記圖片有 {count} 張，需要 {least} 張：請標記一些（graft label queue）並加入（graft data add）。"
    ),
    "The last run is dated {time}, in the future; no run starts before then. Check the clock.": (
        "上次執行的時間 {time} 在未來；在那之前不會開始執行。請檢查時鐘。"
    ),
    "The last run started {time}; the next may start from {free}.": "上次執行始於 {time}；下一次最早在 {free}。",
    "{count} {runs} started within seven days; {most} are allowed.": "七天內已開始 {count} 次執行；允許 {most} 次。",
    "Quiet hours last from {begin} to {end} ({name}); the first look after them decides "
    "again.": "安靜時段為 {begin} 到 {end}（{name}）；之後的第一次檢查會重新決定。",
    "The run {run} was started for the same trigger; one is enough.": "已因相同原因開始執行 {run}；一次就夠。",
    "{count} runs were started for this and none ended well, the last one was {run}: look at "
    "what it left.": "已為此執行 {count} 次，都沒有成功，最後一次是 {run}：請查看它留下的內容。",
    "Clean and refocus the lens, not the model: the pictures are less sharp.": (
        "圖片變得不清晰：請清潔鏡頭並重新對焦，不必更動模型。"
    ),
    "Check light, exposure time and gain: brightness or contrast changed, not the product.": (
        "亮度或對比改變了，不是產品：請檢查光源、曝光時間與增益。"
    ),
    "Set the white balance or replace the lamp: the colours have a cast.": "顏色偏了：請設定白平衡或更換燈具。",
    "Check gain, cooling and cable of the camera: the pictures are noisy.": "圖片雜訊多：請檢查相機的增益、散熱與線材。",
    "Align camera and holder: the product lies elsewhere in the picture.": "產品在圖片中的位置變了：請校正相機與治具。",
    "Clean the lens, not the model: something dark stays at the same places.": "固定位置有暗處：請清潔鏡頭，不必更動模型。",
    "Look at the light: a bright spot or a dark border stays at the same place.": "固定位置有亮點或暗邊：請檢查光源。",
    "Look at sensor and cable: single lines or pixels are broken.": "有壞線或壞點：請檢查感光元件與線材。",
    "Look at what stores or sends the pictures: they are compressed harder.": "圖片壓縮得更多：請檢查儲存或傳送的環節。",
    "The product looks different throughout. If that is meant, label some of the telling "
    "pictures and train again.": "產品整體看起來不同。若這是預期的，請標記其中一些圖片並重新訓練。",
    "Look at the telling pictures: some resemble nothing known. Label them if they are to "
    "stay.": "請看這些圖片：有些與已知的都不相似。若會持續出現，請標記它們。",
    "The classes come in other proportions. Ask production; the model needs no repair.": (
        "類別的比例改變了。請詢問生產單位；模型不需修改。"
    ),
    "The lines deliver in other proportions. Ask production; the model needs no repair.": (
        "各產線的比例改變了。請詢問生產單位；模型不需修改。"
    ),
    "Nothing unusual was measured.": "沒有測到異常。",
    "Look at the camera: lens, light, cable, holder. Which fault it is the figures do not "
    "say.": "請檢查相機：鏡頭、光源、線材、治具。數字無法說明是哪一種問題。",
    "Something changed that no known cause explains. A person should look at the pictures.": (
        "有變化，但已知原因都無法解釋。請由人查看圖片。"
    ),
    "Edges turned by {times} times what groups differ by anyway.": "邊緣方向改變為各組平常差異的 {times} 倍。",
    "{figure} moved by {times} times what groups differ by anyway.": "{figure}改變為各組平常差異的 {times} 倍。",
    "“{name}”: {before} in the reference, about {after} now.": "「{name}」：參考資料中 {before}，現在約 {after}。",
    "The pictures moved as such a mix would move them: cosine {likeness}.": (
        "圖片的變化與這種比例改變相符：餘弦 {likeness}。"
    ),
    "{share} of the pictures are odder than {most} of the reference.": "{share} 的圖片比參考資料的 {most} 更不尋常。",
    "The embeddings' mean moved by {times} times what chance between groups explains.": (
        "特徵平均的改變為各組間偶然差異的 {times} 倍。"
    ),
    "The window is too small, or the model gave no scores, to judge a loss.": "這段時間太短，或模型沒有分數，無法判斷損失。",
    "{verdict}. Accuracy is about {now} instead of {usual}: {points} points, 90 % interval "
    "{low} to {high} ({count} audited labels; positive is a loss).": (
        "{verdict}。準確率約 {now}，原為 {usual}：{points} 個百分點，"
        "90 % 信賴區間 {low} 到 {high}（{count} 個稽核標記；正值為損失）。"
    ),
    "{verdict}, judged without labels: if the classes come as they used to, the shares of "
    "the model's decisions cost {points} points ({low} to {high} as groups differ). A fault "
    "that mixes classes up without moving the shares does not show here; `graft audit` "
    "measures.": (
        "{verdict}（未使用標記判斷）：若類別的比例如常，"
        "回答比例的改變相當於 {points} 個百分點（依各組差異為 {low} 到 {high}）。使類別混淆但不改變比例的問題在此看不出來；請用 graft audit 測量。"
    ),
}
WORDS = {
    "Harmful": "有損失",
    "Harmless": "沒有損失",
    "Not enough evidence": "證據不足",
    "unknown": "不明",
    "other version": "其他版本",
    "refused request": "被拒絕的請求",
    "not finite": "不是有限數字",
    "other number of classes": "類別數不同",
    "duplicate": "重複",
    "clock ahead": "時間在未來",
    "unreadable": "無法讀取",
    "damaged files": "損壞的檔案",
    "beyond the sample": "超出抽樣",
    "focus": "失焦",
    "exposure": "曝光",
    "colour": "偏色",
    "noise": "雜訊",
    "framing": "位置偏移",
    "dirt": "鏡頭髒污",
    "light": "光源",
    "sensor": "感光元件",
    "compression": "壓縮",
    "Brightness": "亮度",
    "Contrast": "對比",
    "Sharpness": "清晰度",
    "Grain": "顆粒",
    "Clipping": "過曝或過暗",
    "Warmth": "色溫",
    "Saturation": "飽和度",
    "Border": "邊緣亮度",
    "Row centre": "垂直重心",
    "Column centre": "水平重心",
    "Bright end": "亮部",
}
