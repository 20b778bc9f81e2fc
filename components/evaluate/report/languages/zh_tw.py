"""Traditional Chinese, as in Taiwan."""

from components.evaluate.report.languages import zh_tw_training

TEXTS = {
    # The top of the page.
    "subject": "評估報告",
    "subject.chose": "{method} 選擇了 {chosen}",
    "headline": "每 100 張同類的新圖片，模型約可正確判定 {value} 張（95 % 信賴區間：{low} 至 {high}）。",
    "headline.flattered": "來自同樣 {groups} 組的新圖片，每 100 張模型約可正確判定 {value} 張；來自新的組別，估計約 {fewer} 張。",
    "headline.none": "無法計算準確率。",
    "tile.found": "「{name}」圖片 {whole} 張中找出 {part} 張（{share}），漏掉 {rest} 張。",
    "tile.alarms": "「{name}」警報 {whole} 次中 {part} 次正確（{share}），誤報 {rest} 次。",
    "tile.weakest": "最弱的類別：「{name}」，{whole} 張中認出 {part} 張（{share}）。",
    "tile.perfect": "{classes} 個類別中有 {count} 個全部認出，沒有錯誤。",
    "tile.asked": "{whole} 張圖片中有 {part} 張（{share}）模型會請人判定。",
    "tile.holdout": "以 {groups} 組共 {pictures} 張圖片測量，使用匯出的模型，與實際上線時相同。",
    "tile.holdout_unseen": "以 {groups} 組共 {pictures} 張訓練時從未見過的圖片測量，使用匯出的模型，"
    "與實際上線時相同。",
    "tile.cross_validation": "以交叉驗證測量全部 {groups} 組共 {pictures} 張圖片：每張圖片都由沒有見過它的"
    "模型判定。上線的模型以同樣的方法用全部圖片訓練。",
    # Against the serving version.
    "changes": "與目前上線的第 {version} 版相比",
    "changes.hint": "兩個模型判定的是相同的圖片。",
    "changes.hint_cv": "兩者以相同的圖片評估，每張圖片都由沒有見過它的模型判定：這比較的是兩種訓練方法。",
    "changes.same": "這就是目前上線的模型。",
    "changes.both_right": "兩者都正確",
    "changes.gained": "只有新模型正確",
    "changes.lost": "只有第 {version} 版正確",
    "changes.both_wrong": "兩者都錯誤",
    "changes.better": "各類別的進步與退步",
    "changes.better_hint": "各類別中只有其中一個模型認出的圖片數，退步最多的排在前面。",
    "changes.won": "進步",
    "changes.given_up": "退步",
    "changes.net": "淨值",
    "changes.lost_pictures": "第 {version} 版認得、新模型卻認錯的圖片",
    "changes.change": "變化",
    "changes.serving": "第 {version} 版",
    # The figures.
    "metrics": "各項指標",
    "metrics.hint": "每個數值都附 95 % 信賴區間：若改用同類的其他組別（模組、批次）測試，可預期的範圍。"
    "同組的圖片彼此相似，因此每次排除一整組來計算。",
    "metrics.hint_single": "每個數值都附 95 % 信賴區間：若改用同類的其他圖片測試，可預期的範圍。",
    "column.figure": "指標",
    "column.value": "新模型",
    "column.interval": "95 % 信賴區間",
    "column.bar": "0 至 1",
    "interval": "{low} 至 {high}",
    "metric.accuracy": "準確率",
    "metric.accuracy.meaning": "判定正確的圖片比例。",
    "metric.balanced_accuracy": "平衡準確率",
    "metric.balanced_accuracy.meaning": "同上，但不論類別多稀少，每一類權重相同。",
    "metric.precision": "精確率",
    "metric.recall": "找出率（召回率）",
    "metric.f1": "F1",
    "metric.f1.meaning": "兼顧找出該類圖片與避免誤報，1 為完美。",
    "metric.roc_auc": "ROC-AUC",
    "metric.roc_auc.meaning": "隨機一張該類圖片的分數高於其他類圖片的機率，亂猜為 0.5。",
    "metric.average_precision": "平均精確率",
    "metric.average_precision.meaning": "在所有門檻下警報正確的程度。1 為完美；亂猜等於該類圖片的比例。",
    "metric.harmonic_mean": "調和平均",
    "metric.harmonic_mean.meaning": "已知類別與新類別找出率的調和平均，新類別以已知類別模擬。任一為 0 則為 0。",
    "metric.log_loss": "對數損失",
    "metric.log_loss.meaning": "判錯的代價，越有把握的錯誤越重。越低越好，0 為完美。",
    "metric.calibration_error": "校準誤差",
    "metric.calibration_error.meaning": "模型所說的信心與實際正確比例的差距，越低越好。",
    # Class by class.
    "classes": "各類別",
    "classes.hint": "需要改善的類別排在前面，也就是確定最少被認出的類別。區間很寬表示圖片太少，無法確定。",
    "classes.more": "其他 {count} 個類別",
    "column.class": "類別",
    "column.pictures": "圖片數",
    "column.groups": "組數",
    # Confusion.
    "confusion": "哪些類別被混淆",
    "confusion.hint": "列為真實類別，欄為模型的判定。",
    "confusion.pairs_hint": "最常發生的錯誤。全部錯誤請見下方熱圖與 plots/confusion.csv。",
    "confusion.threshold": "機率達 {threshold} 以上即判為「{name}」。",
    "confusion.truth": "真實類別",
    "confusion.decided": "判為 {name}",
    "confusion.all": "合計",
    "confusion.taken_for": "被判為",
    "confusion.times": "次數",
    "confusion.share": "占該類",
    "confusion.none": "沒有圖片被判為其他類別。",
    "confusion.caption_one": "數字為圖片數，顏色為占真實類別的比例。",
    # Mistakes.
    "mistakes": "最嚴重的錯誤",
    "mistakes.some": "{pictures} 張圖片中有 {wrong} 張判錯。以下 {shown} 張是模型最有把握卻判錯的，"
    "請先看這些：標錯的標籤也會出現在這裡。",
    "mistakes.only": "{pictures} 張圖片中有 {wrong} 張判錯。",
    "mistakes.none": "{pictures} 張圖片全部判定正確。",
    "mistakes.labelled": "標籤：{name}",
    "mistakes.taken": "{truth} 被判為 {decision}",
    "group": "組別 {name}",
    # Explanations.
    "explanations": "模型看的是哪裡",
    "explanations.hint": "有顏色的部分決定了答案。若不在零件或瑕疵上，模型就學錯了東西。",
    "explanations.test": "以 {pictures} 張圖片檢驗：遮住最重要的部分，機率下降 {drop} 個百分點；"
    "遮住同樣大小的其他部分，下降 {random_drop} 個百分點。",
    "explanations.believed": "這些圖確實顯示重要的部分。",
    "explanations.not_believed": "差異可能只是偶然：請勿依賴這些圖。",
    "explanations.caption": "判為 {predicted}，{share}；標籤：{truth}",
    "explanations.picture": "圖片",
    "explanations.map": "重要的部分",
    # Asking.
    "asking": "模型何時請人判定",
    "asking.hint": "「漏放」是指瑕疵品被判為良品。",
    "asking.kept": "模型沒有把握時會請人判定，使漏放的瑕疵品最多為 {rate}。若從不詢問，會漏放 {escapes}。"
    "約有 {asked} 的圖片需要請人判定。",
    "asking.not_kept": "無法保證漏放最多為 {rate}：若從不詢問，會漏放 {escapes} 的瑕疵品；要做到保證，"
    "模型必須就 {asked} 的圖片請人判定。請增加圖片，或允許更多詢問（evaluate.max_asked）。",
    # Slices.
    "tasks": "其他任務",
    "tasks.hint": "模型除類別外所回答的內容，各以標有該任務標籤的圖片計算；可有多個標籤的任務，逐一列出每個標籤。",
    "tasks.serving": "{name}（目前上線）",
    "column.task": "任務",
    "slices": "各部分的圖片",
    "slices.hint": "模型可能整體良好，但在某部分很弱。標示「較差」的部分，即使考慮看了多少部分，"
    "差異也不只是偶然。",
    "slices.worse": "較差",
    "slices.none_worse": "沒有任何部分有證據顯示比其他部分差。",
    "slices.more": "其他 {count} 個部分",
    "slices.examples": "「{name}」的圖片",
    "column.part": "部分",
    "column.difference": "與其他相比",
    "points": "{value} 個百分點",
    "not_computable": "無法計算",
    # Inspection.
    "inspection": "對標籤與組別的疑問",
    "inspection.labels": "{pictures} 個標籤中有 {suspected} 個可能是錯的：最相似的圖片與它們不符。以下是最可疑的，沒有任何更動。全部排名在一個表格中；填寫其中的「corrected」欄，然後執行：graft data relabel {table}",
    "inspection.no_labels": "沒有標籤可能是錯的：最相似的圖片與它們相符。",
    "inspection.caption": "標籤為 {label}；更像 {suggestion}",
    "inspection.given": "您的 {groups} 個組別有影響：整組排除時正確率為 {apart}，若已知同組的其他圖片則為 {straddling}。",
    "inspection.accept": "若要採用這些組別，請執行：graft run {run}/inspection/proposed_manifest.csv --preset {run}/settings.yaml",
    "inspection.shortcuts": "單憑一項簡單的事實能分辨類別到什麼程度（以排除的組別測量；ROC-AUC，0.5 以下表示分辨不出）。若很明顯，模型學到的可能是這項事實，而不是物件本身。",
    "inspection.fact": "事實",
    "inspection.clear": "明顯",
    # Advice.
    "advice": "增加圖片能帶來什麼",
    "advice.hint": "以較少的圖片訓練，觀察每次增加帶來多少進步而得。",
    "advice.added": "增加圖片",
    "advice.gain": "預期進步",
    "advice.then": "屆時的找出率",
    "advice.saturated": "幾乎沒有",
    "advice.all": "所有類別",
    "advice.caption": "找出率隨訓練圖片數的變化；色帶為 80 % 信賴區間。",
    # Curves and calibration.
    "curves": "多找出，還是少誤報",
    "pictures.more": "其餘 {count} 張圖片",
    "curves.threshold": "操作點是一項設定：export.decision_threshold 是判定為「{name}」的最低機率。較低時漏檢較少、誤報較多；"
    "如何選擇請見 docs/how-to/threshold.md。",
    "provenance.checks": "圖片檢查",
    "provenance.checks_link": "checks.html（與本頁同在執行資料夾）",
    "curves.hint": "曲線上每一點代表一個門檻。沿曲線移動，就是以漏檢換取誤報；曲線越靠近上方角落越好。",
    "curves.caption": "ROC：找出比例對誤報比例，虛線為亂猜。精確率與召回率：警報正確比例對找出比例。",
    "curves.caption_worst": "ROC：找出比例對誤報比例，虛線為亂猜。精確率與召回率：警報正確比例對找出比例。彩色：最難的 {count} 個類別；"
    "灰色：其他類別。",
    "calibration": "模型所說的信心可靠嗎？",
    "calibration.hint": "模型有 80 % 信心的圖片，應有 80 % 正確，這時點會落在虛線上。"
    "在虛線下方表示太有自信，在上方表示太保守。",
    "calibration.caption": "點越大代表圖片越多；長條為各區間的圖片數。",
    # Robustness and costs.
    "robustness": "如果相機變差",
    "robustness.hint": "在 {pictures} 張抽樣圖片上加上某種問題後的準確率，從輕微（1）到嚴重（5），以及與原圖相比的變化。"
    "有顏色的格子：損失不只是偶然。",
    "robustness.hint_seen": "模型訓練時用過這些圖片，因此只有變化值得參考。",
    "robustness.fault": "問題",
    "costs": "大小與速度",
    "costs.hint": "在執行這次評估的機器上測量。",
    "costs.size": "匯出模型的大小",
    "costs.parameters": "權重數",
    "costs.latency": "一次判定 {batch} 張圖片的時間",
    "costs.latency_one": "一次判定一張圖片的時間",
    "costs.latency_value": "{median} 毫秒（20 次中有 19 次低於 {p95} 毫秒）",
    "costs.rate": "每秒 {rate} 張圖片",
    "fault.noise": "雜訊",
    "fault.blur": "模糊",
    "fault.defocus": "失焦",
    "fault.brightness": "太亮",
    "fault.contrast": "對比不足",
    "fault.exposure": "太暗",
    "fault.colour": "偏色",
    "fault.dirt": "鏡頭髒污",
    "fault.shift": "位移",
    "fault.rotation": "旋轉",
    "fault.jpeg": "壓縮過度",
    # Training and data.
    "choice": "為什麼這樣訓練",
    "choice.hint": "每一點表示：不訓練網路時，某一層之後的預訓練特徵能把類別分開多少。曲線向右上升，"
    "表示高層特徵適合這項任務。誤差線為 {folds} 個折（同組不拆開）的標準誤，小點為各折：誤差線內的差異沒有意義。",
    "choice.caption": "由淺到深各層的分數。",
    "augmentation": "訓練所見的圖片",
    "augmentation.policy": "訓練圖片的變化版本，由以下方式產生：{names}。",
    "augmentation.auto": "依探測在 {pictures} 張訓練圖片上的增益選定。",
    "augmentation.caption": "每列一張圖片：先是原圖，然後是儲存的變化版本。您的相機會拍出這樣的圖片嗎？標籤仍然正確嗎？",
    "augmentation.outside": "「{name}」有 {share} 的變化版本超出相機會拍出的範圍（依 {fact}）：請減弱或移除。",
    "augmentation.left_right": "左右鏡像的圖片與原圖可被區分的 ROC-AUC 為 {auc}（{low} 至 {high}）。",
    "augmentation.up_down": "上下鏡像的圖片與原圖可被區分的 ROC-AUC 為 {auc}（{low} 至 {high}）。",
    "augmentation.allowed": "因此試過這種鏡像。",
    "augmentation.refused": "因此方向有意義：沒有試這種鏡像。",
    "augmentation.tried": "試過",
    "augmentation.gain": "對數損失的增益",
    "learning": "訓練過程",
    "learning.hint": "訓練與驗證應一起下降或上升。若訓練損失下降而驗證損失上升，表示模型只是把圖片背下來。訓練可能低於驗證：訓練看到的是變化過、較難的圖片。",
    "learning.hint_cv": "訓練圖片上的損失應該下降。全部圖片都用於訓練，因此沒有驗證曲線。",
    "learning.caption": "各訓練週期的損失與準確率。",
    "data": "圖片",
    "data.split": "分割",
    "data.all": "合計",
    "data.counted": "{groups} 組共 {pictures} 張圖片",
    "data.train": "訓練",
    "data.validation": "驗證",
    "data.test": "測試",
    "data.apart": "測試組別沒有任何圖片出現在其他分割中。",
    "data.straddling": "同時有圖片在其他分割中的測試組別：{count} 組。",
    "data.folds": "全部圖片都用於訓練；判定每一組時，該組都不在訓練之內。",
    "data.inferred": "來源沒有標明組別，組別是推測的，解讀區間時請留意。",
    "data.licence": "圖片授權：{licence}。",
    # Provenance.
    "provenance": "來源紀錄",
    "provenance.run": "執行",
    "provenance.commit": "程式碼（git commit）",
    "provenance.data": "資料（SHA-256）",
    "provenance.config": "設定（SHA-256）",
    "provenance.model": "模型（SHA-256）",
    "provenance.serving": "目前上線",
    "provenance.version": "第 {version} 版",
    "provenance.network": "網路",
    "provenance.network_value": "{backbone}、{method}、{size} px、平均視角數：{flips}、溫度 {temperature}、"
    "種子 {seed}",
    "provenance.parity": "匯出與訓練一致",
    "provenance.parity_value": "機率差異最多 {value}",
    "provenance.settings": "步驟 {step} 的設定",
    "provenance.content": "內容 SHA-256",
    "unknown": "未知",
    # Inside the plots.
    "plot.loss": "損失",
    "plot.accuracy": "準確率",
    "plot.epoch": "訓練週期",
    "plot.training": "訓練",
    "plot.validation": "驗證",
    "plot.pictures": "圖片數",
    "plot.share": "占各真實類別的比例",
    "plot.decision": "模型的判定",
    "plot.truth": "真實類別",
    "plot.both": "圖片數，顏色為占真實類別的比例",
    "plot.guessing": "亂猜",
    "plot.operating_point": "目前門檻",
    "plot.false_alarms": "誤報比例",
    "plot.found": "找出比例",
    "plot.roc": "ROC",
    "plot.recall": "找出比例（召回率）",
    "plot.right_alarms": "警報正確比例（精確率）",
    "plot.precision_recall": "精確率與召回率",
    "plot.perfect": "完美校準",
    "plot.model": "模型",
    "plot.stated": "模型所說的信心",
    "plot.right": "實際正確比例",
    "plot.reliability": "可靠度",
    "plot.how_sure": "模型多有把握",
    "plot.profile": "各層知道什麼",
    "plot.probe": "線性探測的{figure}",
    "plot.cut": "在 {layer} 之後截斷",
    "plot.trained_on": "訓練圖片數",
    "plot.names": "圖中的數字代表類別，因為這台機器沒有可顯示其名稱的字型（Debian：fonts-noto-cjk）：{names}。",
}

# Notes and names that evaluate writes into its record.
SENTENCES = {
    "The pictures seem to come in {count} groups that nobody named (by {origin}). With whole groups "
    "left out, accuracy is {points} points lower (95 % interval: {low} to {high}), so the figures are "
    "too good for new groups.": "圖片似乎分屬 {count} 個沒有命名的組別（依{origin}）。整組排除時，準確率低 {points} "
    "個百分點（95 % 信賴區間：{low} 至 {high}），因此這些指標對新的組別來說過於樂觀。",
    "Unproven: {names}. No picture shows them, so the figures do not speak of them.": "未經驗證：{names}。"
    "沒有圖片顯示它們，因此數字與它們無關。",
    "All pictures are in one group, so the intervals treat pictures as independent: they are too "
    "narrow if the pictures resemble each other.": "所有圖片都在同一組，因此區間把圖片當作彼此獨立："
    "若圖片彼此相似，區間就太窄。",
    "Only {count} groups: the intervals are wide, and rough.": "只有 {count} 組：區間很寬，而且粗略。",
    "Not computable with so few classes or pictures: {names}.": "類別或圖片太少，無法計算：{names}。",
    "{count} groups of the test split also have pictures in the training or validation split: the "
    "figures are better than new groups would give.": "測試分割中有 {count} 組也有圖片在訓練或驗證分割中："
    "這些指標比用新的組別測試更好看。",
    "Version {version} is compared by nothing. {count} that it was trained on are left out.": "第 "
    "{version} 版無法比較；排除它訓練時用過的 {count} 張。",
    "Version {version}, which serves now, could not be scored: {reason}": "無法評估目前上線的第 "
    "{version} 版：{reason}",
    "Version {version}, the best so far, could not be scored: {reason}": "無法評估到目前為止最好的第 "
    "{version} 版：{reason}",
    "Version {version} is compared by {how}. {count} that it was trained on are left out.": "第 {version} "
    "版以{how}比較；排除它訓練時用過的 {count} 張。",
    "Version {version} is compared by {how}.": "第 {version} 版以{how}比較。",
    "{folds}, and by what it answers about {count} that it has not seen": "{folds}，以及它對未見過的 {count} "
    "張的答案",
    "what its folds answered about {count} pictures, which judges its recipe": "它的各折對 {count} "
    "張圖片的答案（評估的是訓練方法）",
    "what its recipe, fitted again on the same folds, answered about {count} pictures": "以其訓練方法在"
    "相同各折上重新訓練後對 {count} 張圖片的答案",
    "what it answers about {count} that it has not seen": "它對未見過的 {count} 張的答案",
    "{name}.tflite, {size} MB, the network takes {time} ms on one thread: {figures}, in brackets the "
    "SavedModel's on the same {count} pictures; {same} % of the answers are the same; accuracy {held} "
    "% under camera faults.": "{name}.tflite，{size} MB，單一執行緒每張需 {time} 毫秒：{figures}，括號內為 "
    "SavedModel 在相同 {count} 張圖片上的指標；{same} % 的答案相同；相機故障時準確率 {held} %。",
    "accuracy {accuracy} ({wholes} %), ROC-AUC {auc} ({areas} %)": "準確率 {accuracy}（{wholes} %）、"
    "ROC-AUC {auc}（{areas} %）",
    "accuracy {accuracy} ({wholes} %)": "準確率 {accuracy}（{wholes} %）",
    "Of {all} test pictures {who}: {count} are left out.": "{all} 張測試圖片中，{who}：排除 {count} 張。",
    "Of {all} test pictures {who}: {count} are left out. Without all of these too few would be "
    "left: {advice}.": "{all} 張測試圖片中，{who}：排除 {count} 張。若全部排除，剩下的太少：{advice}。",
    "the network that training started from knows {count} and {other}": "訓練起點的網路見過 {count} 張，{other}",
    "the network that training started from knows {count}": "訓練起點的網路見過 {count} 張",
    "version {version}, which serves now, knows {count}": "目前上線的第 {version} 版見過 {count} 張",
    "keep the splits (validate.keep_splits=true), add new pictures, or judge by cross-validation "
    "(evaluate.evidence=cross_validation)": "請保留分割（validate.keep_splits=true）、增加新圖片，"
    "或以交叉驗證判定（evaluate.evidence=cross_validation）",
    "{added} more pictures of “{name}” should bring about {gain} (80 % interval: {low} to {high}): "
    "{now} of 100 are found now.": "增加 {added} 張「{name}」的圖片，預期進步約 {gain}"
    "（80 % 信賴區間：{low} 至 {high}）；目前每 100 張找出 {now} 張。",
    "{names} and {more} more are saturated: more pictures of this kind change little.": "{names} 及"
    "其他 {more} 類已經飽和：增加同類圖片幾乎沒有幫助。",
    "{names} is saturated: more pictures of this kind change little.": "{names} 已經飽和："
    "增加同類圖片幾乎沒有幫助。",
    "{names} are saturated: more pictures of this kind change little.": "{names} 已經飽和："
    "增加同類圖片幾乎沒有幫助。",
    "{names} and {more} more are unclear: so few pictures do not tell what more would bring.": "{names} 及"
    "其他 {more} 類尚不清楚：圖片太少，看不出增加後會如何。",
    "{names} is unclear: so few pictures do not tell what more would bring.": "{names} 尚不清楚："
    "圖片太少，看不出增加後會如何。",
    "{names} are unclear: so few pictures do not tell what more would bring.": "{names} 尚不清楚："
    "圖片太少，看不出增加後會如何。",
    "{added} more pictures of all classes together should bring {gain} on average over the "
    "classes. All this is for pictures from the groups that are there, with the network as it "
    "is.": "所有類別共增加 {added} 張圖片，各類別平均預期進步 {gain}。以上是指來自現有組別的圖片，"
    "並使用目前的網路。",
    "What more pictures would bring cannot be estimated: a class is in one group only.": "無法判斷增加圖片"
    "會帶來什麼：有一個類別只在一個組別中。",
    "What more pictures would bring is not estimated after a warm start, or by a method that does "
    "not begin with a solved head: no features are kept of a network that has not seen the "
    "pictures.": "從既有模型繼續訓練，或採用不先求解分類層的方法時，不預估增加圖片會帶來什麼：沒有保留未見過這些圖片的網路的特徵。",
    "{count} points": "{count} 個百分點",
    "{count} point": "{count} 個百分點",
    "look-alikes {number}": "相似圖片 {number}",
    "{fact}: low": "{fact}：低",
    "{fact}: middle": "{fact}：中",
    "{fact}: high": "{fact}：高",
    "Expected the test pictures that the manifest fixes to be those of the serving version; {failing} "
    "of {checked} fail: {names}.": "清單固定的測試圖片應與目前上線版本的相同；{checked} 張中有 {failing} 張不符：{names}。",
    "{escapes} of the held-out defects are answered as good. To keep that to {rate}, the model would "
    "have to ask about {asked} of all pictures, which is more than evaluate.max_asked allows; so it "
    "asks only about strange ones.": "保留圖片中有 {escapes} 的瑕疵品被判為良品。若要限制在 {rate}，模型必須就"
    "全部圖片的 {asked} 請人判定，超過 evaluate.max_asked 所允許的；因此只就異常的圖片詢問。",
    "{escapes} of the held-out defects are answered as good; {rate} may be.": "保留圖片中有 {escapes} "
    "的瑕疵品被判為良品；允許 {rate}。",
    "The model asks about {asked} of the held-out pictures, so that about {rate} of the defects are "
    "answered as good, and not {escapes}.": "模型就保留圖片的 {asked} 請人判定，使被判為良品的瑕疵品約為 {rate}，"
    "而不是 {escapes}。",
} | zh_tw_training.SENTENCES
WORDS = {
    "runs of rows": "連續的列",
    "file names": "檔名",
    "folders": "資料夾",
    "picture sizes": "圖片尺寸",
    "picture size": "圖片尺寸",
    "file size": "檔案大小",
    "file name": "檔名",
    "certain labels only": "只含確定的標籤",
    "uncertain labels only": "只含不確定的標籤",
    "no domain": "沒有來源",
    "less than a point": "不到 1 個百分點",
    "brightness": "亮度",
    "contrast": "對比",
    "sharpness": "清晰度",
    "size": "尺寸",
} | zh_tw_training.WORDS
