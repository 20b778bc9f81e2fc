"""Traditional Chinese for the sentences of records; each stands there in English."""

# Notes and names that evaluate writes into its record.
_EVALUATION = {
    "All pictures are in one group, so the intervals treat pictures as independent: they are too "
    "narrow if the pictures resemble each other.": "所有圖片都在同一組，因此區間把圖片當作彼此獨立："
    "若圖片彼此相似，區間就太窄。",
    "Only {count} groups: the intervals are wide, and rough.": "只有 {count} 組：區間很寬，而且粗略。",
    "Not computable with so few classes or pictures: {names}.": "類別或圖片太少，無法計算：{names}。",
    "{count} groups of the test split also have pictures in the training or validation split: the "
    "figures are better than new groups would give.": "測試分割中有 {count} 組也有圖片在訓練或驗證分割中："
    "這些指標比用新的組別測試更好看。",
    "Version {version}, which serves now, could not be scored: {reason}": "無法評估目前上線的第 "
    "{version} 版：{reason}",
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
    "What more pictures would bring cannot be told: a class is in one group only.": "無法判斷增加圖片"
    "會帶來什麼：有一個類別只在一個組別中。",
    "{count} points": "{count} 個百分點",
    "{count} point": "{count} 個百分點",
    "look-alikes {number}": "相似圖片 {number}",
    "{fact}: low": "{fact}：低",
    "{fact}: middle": "{fact}：中",
    "{fact}: high": "{fact}：高",
    "Expected the test pictures that the manifest fixes to be those of the serving version; {failing} "
    "of {checked} fail: {names}.": "清單固定的測試圖片應與目前上線版本的相同；{checked} 張中有 {failing} 張不符：{names}。",
    "Version {version} is compared by {what}. {count} that it was trained on are left out.": "第 "
    "{version} 版的比較依據：{what}。排除它訓練時用過的 {count} 張。",
    "Version {version} is compared by {what}.": "第 {version} 版的比較依據：{what}。",
    "{folds}, and by what it answers about {count} that it has not seen": "{folds}，以及它對 {count} "
    "張沒有見過的圖片的答案",
    "what its folds answered about {count} pictures, which judges its recipe": "它的各折對 {count} 張圖片的"
    "答案（評估的是訓練方法）",
    "what it answers about {count} that it has not seen": "它對 {count} 張沒有見過的圖片的答案",
    "{escapes} of the held-out defects are answered as good. To keep that to {rate}, the model would "
    "have to ask about {asked} of all pictures, which is more than evaluate.max_asked allows; so it "
    "asks only about strange ones.": "保留圖片中有 {escapes} 的瑕疵品被判為良品。若要限制在 {rate}，模型必須就"
    "全部圖片的 {asked} 請人判定，超過 evaluate.max_asked 所允許的；因此只就異常的圖片詢問。",
    "{escapes} of the held-out defects are answered as good; {rate} may be.": "保留圖片中有 {escapes} "
    "的瑕疵品被判為良品；允許 {rate}。",
    "The model asks about {asked} of the held-out pictures, so that about {rate} of the defects are "
    "answered as good, and not {escapes}.": "模型就保留圖片的 {asked} 請人判定，使被判為良品的瑕疵品約為 {rate}，"
    "而不是 {escapes}。",
}

# What train writes: the reason and the remarks of `auto`, and the candidate's notes.
_TRAINING = {
    "{decided} All layers were tuned instead, which validation prefers.": "{decided}"
    "但改為調整所有層，因為驗證結果較好。",
    "{finding}, so only the head is fitted, to the pretrained features.": "{finding}，因此只以預訓練特徵"
    "訓練分類層。",
    "{finding}, so only the layers up to {layer} are transferred.": "{finding}，因此只沿用到 {layer} 為止的層。",
    "{finding}, so all layers are tuned from the pretrained weights.": "{finding}，因此從預訓練權重調整所有層。",
    "{finding}, so the network is trained from scratch.": "{finding}，因此從頭訓練網路。",
    "{finding}, so only the head is fitted, which is seldom far from the best.": "{finding}，因此只訓練"
    "分類層，這很少與最佳結果相差太多。",
    "{amount}, and how similar the old task is cannot be measured": "{amount}，而與原任務的相似度無法測量",
    "{amount}, and similarity {value} is above {limit}: the high layers serve": "{amount}，相似度 {value} "
    "高於 {limit}：高層特徵適用",
    "{amount}, and similarity {value} is below zero: the high layers know less than the low "
    "ones": "{amount}，相似度 {value} 低於零：高層知道的比低層少",
    "{amount}, and similarity {value} decides nothing": "{amount}，相似度 {value} 無法決定",
    "{amount}, {rare} of them with the rarest class, are few": "{amount}，其中最少的類別有 {rare}，屬於少量",
    "{amount}, {rare} of them with the rarest class, are many": "{amount}，其中最少的類別有 {rare}，屬於大量",
    "{count} pictures": "{count} 張圖片",
    "{count} groups": "{count} 組",
    "The layer profile could not be measured: a class has fewer than two groups.": "無法測量各層：有一個"
    "類別不到兩組。",
    "The rule's choice was taken without a check, since cross-validation holds nothing out to check "
    "on; each fold applied the same rule to its own pictures.": "規則的選擇未經檢驗，因為交叉驗證沒有保留圖片可供"
    "檢驗；每一折都以自己的圖片套用同一規則。",
    "Calibrated validation loss {own} by {method}, {full} with all layers tuned from the pretrained "
    "weights: the lower was kept.": "校準後的驗證損失：{method} 為 {own}，從預訓練權重調整所有層為 {full}；"
    "採用較低者。",
    "warm start from {name}": "從 {name} 繼續訓練",
    "no validation picture of {names}: calibrated without": "{names} 沒有驗證圖片：校準時未包含",
    "judged by {folds}-fold cross-validation, fitted on all pictures": "以 {folds} 折交叉驗證評估，"
    "並以全部圖片訓練",
    "the network was cut off after {layer}": "網路在 {layer} 之後截斷",
    "probe penalty C = {value}": "線性探測的懲罰 C = {value}",
    "random weights at the start": "從隨機權重開始",
    "nothing was learned: the answers are the class frequencies": "沒有學到任何東西：答案只是各類別的比例",
    "the weights of stage {number} were kept": "保留第 {number} 階段的權重",
    "out of memory at {batch} pictures a step, trained with {smaller}": "每步 {batch} 張圖片時記憶體不足，"
    "改用 {smaller} 張訓練",
    "a GPU was asked for and there is none: trained on the processor": "要求使用 GPU 但沒有 GPU：以處理器訓練",
    "{phase} at rate {rate} was dropped: {fault}": "捨棄學習率 {rate} 的{phase}：{fault}",
    "the loss was not finite in epoch {epoch}": "第 {epoch} 個訓練週期的損失不是有限數值",
    "training loss {loss}, {owner} gives {wanted}": "訓練損失 {loss}，{owner}為 {wanted}",
    "calibrated validation loss {loss}, {owner}'s is {wanted} (standard error of the difference "
    "{error})": "校準後的驗證損失 {loss}，{owner}為 {wanted}（差異的標準誤 {error}）",
    "stage {number}": "第 {number} 階段",
}
SENTENCES = _EVALUATION | _TRAINING

WORDS = {
    "certain labels only": "只含確定的標籤",
    "uncertain labels only": "只含不確定的標籤",
    "no domain": "沒有來源",
    "less than a point": "不到 1 個百分點",
    "brightness": "亮度",
    "contrast": "對比",
    "sharpness": "清晰度",
    "size": "尺寸",
    "nothing": "無",
    "finetune": "微調",
    "scratch": "從頭訓練",
    "the linear probe": "線性探測",
    "the linear probe was kept": "保留線性探測的結果",
    "knowing only the class frequencies": "只知道各類別比例",
}
