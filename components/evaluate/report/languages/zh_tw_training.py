"""Traditional Chinese for what train writes: `auto`'s reason and remarks, a candidate's notes."""

# The report looks up names of parts as well, so nothing here may be a name that a user could give.
SENTENCES = {
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
    "{count} pictures, {rare} of them with the rarest class, are few": "{count} 張圖片，其中最少的類別有 {rare}，屬於少量",
    "{count} pictures, {rare} of them with the rarest class, are many": "{count} 張圖片，其中最少的類別有 {rare}，屬於大量",
    "{count} groups, {rare} of them with the rarest class, are few": "{count} 組，其中最少的類別有 {rare}，屬於少量",
    "{count} groups, {rare} of them with the rarest class, are many": "{count} 組，其中最少的類別有 {rare}，屬於大量",
    "The layer profile could not be measured: a class has fewer than two groups.": "無法測量各層：有一個"
    "類別不到兩組。",
    "The rule's choice was taken without a check, since cross-validation holds nothing out to check "
    "on; each fold applied the same rule to its own pictures.": "規則的選擇未經檢驗，因為交叉驗證沒有保留圖片可供"
    "檢驗；每一折都以自己的圖片套用同一規則。",
    "Calibrated validation loss {own} by {method}, {full} with all layers tuned from the pretrained "
    "weights: the lower was kept.": "校準後的驗證損失：{method} 為 {own}，從預訓練權重調整所有層為 {full}；"
    "採用較低者。",
    "warm start from {name}": "從 {name} 繼續訓練",
    "the network of the warm start was trained on pictures of {size} px and fit {fit}": "其原有網路以 "
    "{size} px、{fit} 的圖片訓練",
    "no validation picture of {names}: calibrated without": "{names} 沒有驗證圖片：校準時未包含",
    "judged by {folds}-fold cross-validation, fitted on all pictures": "以 {folds} 折交叉驗證評估，"
    "並以全部圖片訓練",
    "version {version} was not fitted again: {reason}": "無法評估第 {version} 版的訓練方法：{reason}",
    "the network was cut off after {layer}": "網路在 {layer} 之後截斷",
    "probe penalty C = {value}": "線性探測的懲罰 C = {value}",
    "rare classes: {method}, by how groups left out are ranked: ROC-AUC {scores}": "稀少類別：{method}，"
    "依據對留出的組的排序：ROC-AUC {scores}",
    "rare classes: {method}, by how pictures left out are ranked: ROC-AUC {scores}": "稀少類別：{method}，"
    "依據對留出的圖片的排序：ROC-AUC {scores}",
    "rare classes: {method}": "稀少類別：{method}",
    "one class: learnt on {count} pictures of {name}": "單一類別：以 {count} 張 {name} 圖片學習",
    "features learnt on {count} pictures without labels": "以 {count} 張未標註圖片學習特徵",
    "features learnt on the training pictures: there are none without labels": "以訓練圖片學習特徵："
    "沒有未標註的圖片",
    "{number} clusters in {count} pictures, whitened by {others}": "{count} 張圖片分成 {number} 群，以 {others} 張"
    "圖片的統計量白化",
    "{number} clusters, an estimate, in {count} pictures, whitened by {others}": "{count} 張圖片估計分成 {number} 群，"
    "以 {others} 張圖片的統計量白化",
    "no cluster is mostly {names}: never answered": "沒有一群以 {names} 為主：不會有這個答案",
    "multitask: {share} % of the answers to {name} are the shared layers'": "多任務：{name} 的答案有 "
    "{share} % 來自共用層",
    "multitask: no better than a probe of its own for {names}": "多任務：{names} 不比各自的線性探測好",
    "aligned by {method}, as the settings say": "依設定以 {method} 對齊兩個領域",
    "aligned by {method}: its answers about the target say {value} nats, those of {name} "
    "{limit}": "以 {method} 對齊兩個領域：對目標領域的答案含 {value} nat 的資訊，{name} 為 {limit}",
    "fell back to {method}: no alignment says more about the target unharmed": "退回 {method}：沒有一種對齊"
    "方式能多說明目標領域而不損及來源領域",
    "too few groups to judge alignments by: each domain is standardised": "組數太少，無法評估對齊方式："
    "各領域分別標準化",
    "no picture of another domain: the source was fitted alone": "沒有其他領域的圖片：只以來源領域訓練",
    "the labels of {count} pictures of the target were not looked at": "沒有查看目標領域 {count} 張圖片的標註",
    "domains told apart: {value} of pictures of groups not seen before": "能分辨領域：未見過的組中有 {value} 的圖片"
    "判斷正確",
    "penalty {penalty} and stacking {stacking}, by known classes left out: harmonic mean {mean}, "
    "{before} without stacking": "懲罰 {penalty}、堆疊 {stacking}，以留出的已知類別選定：調和平均 {mean}，"
    "未堆疊為 {before}",
    "too few known classes or groups to choose the penalty by leaving some out": "已知類別或組太少，"
    "無法以留出類別選擇懲罰",
    "classes alike by attributes and by pictures: correlation {value}": "屬性相似與圖片相似的類別：相關 {value}",
    "hubness: skewness of the 10-occurrence {value}": "樞紐性：10-近鄰次數的偏度 {value}",
    "unseen classes moved by {count} pictures without a label": "以 {count} 張未標註圖片移動未見類別",
    "random weights at the start": "從隨機權重開始",
    "nothing was learned: the answers are the class frequencies": "沒有學到任何東西：答案只是各類別的比例",
    "the weights of stage {number} were kept": "保留第 {number} 階段的權重",
    "out of memory at {batch} pictures a step, trained with {smaller}": "每步 {batch} 張圖片時記憶體不足，"
    "改用 {smaller} 張訓練",
    "a GPU was asked for and there is none: trained on the processor": "要求使用 GPU 但沒有 GPU：以處理器訓練",
    "finetune at rate {rate} was dropped: {fault}": "捨棄學習率 {rate} 的微調：{fault}",
    "scratch at rate {rate} was dropped: {fault}": "捨棄學習率 {rate} 的從頭訓練：{fault}",
    "stage {number} at rate {rate} was dropped: {fault}": "捨棄學習率 {rate} 的第 {number} 階段：{fault}",
    "the loss was not finite in epoch {epoch}": "第 {epoch} 個訓練週期的損失不是有限數值",
    "training loss {loss}, {owner} gives {wanted}": "訓練損失 {loss}，{owner}為 {wanted}",
    "calibrated validation loss {loss}, {owner}'s is {wanted} (standard error of the difference "
    "{error})": "校準後的驗證損失 {loss}，{owner}為 {wanted}（差異的標準誤 {error}）",
}
WORDS = {
    "the linear probe": "線性探測",
    "the linear probe was kept": "保留線性探測的結果",
    "knowing only the class frequencies": "只知道各類別比例",
}
