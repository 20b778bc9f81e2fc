"""Traditional Chinese, as in Taiwan."""

TEXTS = {
    "subject": "判定",
    "word.deploy": "可以上線：這個模型可以投入使用。",
    "word.hold": "暫緩：這個模型不應投入使用。",
    "word.insufficient": "證據不足：目前還無法判斷這個模型是否夠好。",
    "word.same": "沒有變化：這就是已經上線的模型。",
    "about": "模型「{name}」，判定時間 {at}。",
    "about.serves": "第 {version} 版上線中。",
    "next": "接下來怎麼做",
    "reasons": "原因",
    "overridden": "{by} 於 {at} 推翻判定並上線：「{reason}」",
}

# What the gate writes into its record, see `decide`, `compare` and `next_steps`.
SENTENCES = {
    "Nothing has to be done: this model serves already. Train again when there are new pictures.": "不需要"
    "做任何事：這個模型已經上線。有新圖片時再訓練。",
    "It is published as the next version. A server that runs takes it by itself; graft up starts one "
    "on this machine.": "它已發布為下一版。執行中的伺服器會自動採用；在這台電腦上可用 graft up 啟動伺服器。",
    "The version before is kept: graft rollback returns to it.": "前一版會保留：graft rollback 可以退回。",
    "It is published as the first version. On this machine, graft up starts a server for it.": "它已發布為"
    "第一版。在這台電腦上可用 graft up 啟動伺服器。",
    "First run again with the {count} groups that were found, so that whole groups are left out for "
    "the test: the figures of this run are too good for new groups.": "請先以找到的 {count} 個組別再執行"
    "一次，讓測試排除整組：這次的數字對新的組別而言偏高。",
    "Version {version} goes on serving.": "第 {version} 版繼續上線。",
    "Nothing is published.": "沒有發布任何版本。",
    "Look at the worst mistakes in the report and correct labels that are wrong.": "請看報告中最嚴重的錯誤，"
    "更正標錯的標籤。",
    "Add pictures of the classes that are recognised least: {names}.": "請增加最少被認出的類別的圖片：{names}。",
    "Judge by cross-validation: --set evaluate.evidence=cross_validation.": "請以交叉驗證判定："
    "--set evaluate.evidence=cross_validation。",
    "Add pictures: {count} more {what} are needed.": "請增加圖片：還需要 {count}（{what}）。",
    "Add pictures: the reasons say how many would settle it.": "請增加圖片：下方原因說明需要多少才能確定。",
    "Take them from other parts, lots or sessions than those that are there.": "請取自現有以外的其他零件、"
    "批次或時段。",
    "Then run the same command again.": "然後再執行一次相同的指令。",
    "Or deploy it all the same, on your own word: graft gate override.": "或由您自己決定照樣上線："
    "graft gate override。",
    "The candidate is the version that serves now.": "候選模型就是目前上線的版本。",
    "There are {count} {what}; a verdict needs at least {minimum}: add some.": "{what}只有 {count}；"
    "判定至少需要 {minimum}，請補充。",
    "There are {count} {what}; a verdict needs at least {minimum}: add some. {more} more were left "
    "out, since a compared model has seen them.": "{what}只有 {count}；判定至少需要 {minimum}，請補充。"
    "另有 {more} 張因為比較中的模型已經見過而排除。",
    "What training started from has seen {seen} of the {all} test pictures, and the others are too "
    "few to judge by: keep the splits (validate.keep_splits=true), leave out train.warm_start, or "
    "judge by cross-validation (evaluate.evidence=cross_validation).": "訓練的起點已經見過 {all} "
    "張測試圖片中的 {seen} 張，其餘太少，無法判定：請保留分割（validate.keep_splits=true）、"
    "不使用 train.warm_start，或以交叉驗證判定（evaluate.evidence=cross_validation）。",
    "Version {version}, {role}, was trained or calibrated on {seen} of the {all} test "
    "pictures, and the {rest} others are too few to compare by: keep the splits "
    "(validate.keep_splits=true), add new pictures, or judge by cross-validation "
    "(evaluate.evidence=cross_validation).": "{role}的第 {version} 版曾以 {all} 張測試圖片中的 {seen} "
    "張訓練或校準，其餘 {rest} 張太少，無法比較：請保留分割（validate.keep_splits=true）、增加新圖片，"
    "或以交叉驗證判定（evaluate.evidence=cross_validation）。",
    "Version {version}, {role}, was trained on {seen} of the {all} {what}; the other "
    "{rest} are too few to compare by.": "{role}的第 {version} 版曾以 {all} 張{what}中的 {seen} 張訓練，"
    "其餘 {rest} 張太少，無法比較。",
    "The answers about {broken} of {all} {what} are no numbers: look at the training's curves, "
    "lower the learning rate.": "{all} 張{what}中有 {broken} 張的答案不是數字：請查看訓練曲線，降低學習率。",
    "The candidate answers '{name}' for all {all} {what}: it has learnt nothing that tells the "
    "classes apart.": "候選模型對全部 {all} 張{what}都回答「{name}」：它沒有學到如何區分類別。",
    "The {figure} could not be computed on these {what}, but a minimum of {minimum} is "
    "required.": "無法以這些{what}計算{figure}，但要求最低為 {minimum}。",
    "The {figure} is {value} (95 % interval {low} to {high}); the minimum of {minimum} is "
    "reached.": "{figure}為 {value}（95 % 信賴區間 {low} 至 {high}），達到最低要求 {minimum}。",
    "The {figure} is {value} (95 % interval {low} to {high}); the minimum of {minimum} is "
    "missed.": "{figure}為 {value}（95 % 信賴區間 {low} 至 {high}），未達最低要求 {minimum}。",
    "{name}.tflite has a {figure} of {own}, the SavedModel {model} on the same {count} pictures; "
    "{margin} may be lost.": "{name}.tflite 的{figure}為 {own}，SavedModel 在相同的 {count} 張圖片上為 "
    "{model}；最多可損失 {margin}。",
    "No version serves yet; only the minimums count.": "目前沒有上線的版本，只看最低要求。",
    "The comparison with version {version}, which serves now, is switched off; only the minimums "
    "count.": "與目前上線的第 {version} 版的比較已關閉，只看最低要求。",
    "Version {version}, {role}, could not be compared by {figure} on these {what}; set "
    "gate.compare_with_serving=false to judge by the minimums alone.": "無法以這些{what}的{figure}與{role}"
    "的第 {version} 版比較；若只想看最低要求，請設定 gate.compare_with_serving=false。",
    "{change}; at most {allowed} may be lost.": "{change}；最多只能下降 {allowed}。",
    "{change}; it is not worse by more than {allowed}.": "{change}；下降不超過 {allowed}。",
    "{change}; a loss of more than {allowed} cannot be ruled out. {needed}": "{change}；"
    "無法排除下降超過 {allowed}。{needed}",
    "Against version {version}, {role}, the {figure} on {pictures} {what} is {value} "
    "instead of {serving}: a change of {difference}, and with {confidence} % confidence not below "
    "{low}": "與{role}的第 {version} 版相比，{pictures} 張{what}的{figure}為 {value}，原為 {serving}："
    "變化 {difference}，有 {confidence} % 的信心不低於 {low}",
    "Task '{name}': the {figure} on {pictures} pictures is {value} instead of {serving} of version "
    "{version}: a change of {difference}, and with {confidence} % confidence not below {low}": "任務"
    "「{name}」：{pictures} 張圖片的{figure}為 {value}，第 {version} 版為 {serving}：變化 {difference}，"
    "有 {confidence} % 的信心不低於 {low}",
    "Task '{name}': the {figure} on {pictures} pictures is {value} instead of {serving} of version "
    "{version}: a change of {difference}, and with {confidence} % confidence not below {low}.": "任務"
    "「{name}」：{pictures} 張圖片的{figure}為 {value}，第 {version} 版為 {serving}：變化 {difference}，"
    "有 {confidence} % 的信心不低於 {low}。",
    "About {pictures} {what} from {groups} groups would settle it.": "大約需要來自 {groups} 組的 "
    "{pictures} 張{what}才能確定。",
    "About {pictures} {what} would settle it.": "大約需要 {pictures} 張{what}才能確定。",
    "Not even {times} times as many {what} would settle it.": "即使有 {times} 倍的{what}也無法確定。",
    "{used}; they are worn out from number {last} on.": "{used}；到第 {last} 次就不再可靠。",
    "{used} and are worn out: that one of these was wrong has a chance of up to {chance} %. Judge by "
    "new pictures; half of them new begins a new count.": "{used}，已經不再可靠：其中至少一次判錯的機率"
    "可達 {chance} %。請以新圖片判定；有一半是新圖片就重新計數。",
    "These {what} have been used for {uses} verdict": "這些{what}已用於 {uses} 次判定",
    "These {what} have been used for {uses} verdicts": "這些{what}已用於 {uses} 次判定",
    "{what} of the classes that it knows, so without {names},": "{what}（限該版認得的類別，不含 {names}）",
    "{what}, or does not know their class": "{what}（或不認得其類別）",
    "groups of {what}": "{what}的組數",
    "{what} of class '{name}'": "類別「{name}」的{what}",
}
WORDS = {
    "which serves now": "目前上線",
    "the best so far": "到目前為止最好",
    "pictures": "圖片",
    "test pictures": "測試圖片",
    "out-of-fold pictures": "交叉驗證圖片",
    "accuracy": "準確率",
    "balanced accuracy": "平衡準確率",
    "average precision": "平均精確率",
    "harmonic mean with known classes treated as unseen": "以已知類別模擬新類別的調和平均",
}
