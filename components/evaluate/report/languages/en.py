"""English."""

TEXTS = {
    # The top of the page.
    "subject": "Evaluation",
    "subject.chose": "{method} chose {chosen}",
    "headline": "Of 100 new pictures like these, the model decides about {value} correctly "
    "(95\u00a0%\u00a0interval: {low}\u00a0to\u00a0{high}).",
    "headline.flattered": "Of 100 new pictures from the same {groups} groups, the model decides "
    "about {value} correctly; from new groups, as far as can be estimated, about {fewer}.",
    "headline.none": "The accuracy could not be computed.",
    "tile.found": "{part} of {whole} ({share}) “{name}” pictures were found; missed: {rest}.",
    "tile.alarms": "{part} of {whole} ({share}) “{name}” alarms were right; false alarms: {rest}.",
    "tile.weakest": "Weakest class: “{name}”. {part} of {whole} ({share}) were recognised.",
    "tile.perfect": "{count} of {classes} classes were recognised without a mistake.",
    "tile.asked": "For {part} of {whole} pictures ({share}) the model asks a person.",
    "tile.holdout": "Measured on {pictures} pictures from {groups} groups, with the exported "
    "model, exactly as it will be served.",
    "tile.holdout_unseen": "Measured on {pictures} pictures from {groups} groups that training "
    "never saw, with the exported model, exactly as it will be served.",
    "tile.cross_validation": "Measured on all {pictures} pictures from {groups} groups by "
    "cross-validation: each was judged by a model that had not seen it. The model that will be "
    "served is trained in the same way on all of them.",
    # Against the serving version.
    "changes": "What changed against version {version}, which serves now",
    "changes.hint": "Both models were asked about the same pictures.",
    "changes.hint_cv": "Both were judged on the same pictures, each by a model that had not seen "
    "them: this compares two ways of training.",
    "changes.same": "This is the model that serves now.",
    "changes.both_right": "Both right",
    "changes.gained": "Only this model right",
    "changes.lost": "Only version {version} right",
    "changes.both_wrong": "Both wrong",
    "changes.better": "Better or worse by class",
    "changes.better_hint": "Pictures of each class that one of the two recognises and the other "
    "does not. Classes that lost most come first.",
    "changes.won": "Gained",
    "changes.given_up": "Lost",
    "changes.net": "Net",
    "changes.lost_pictures": "Recognised by version {version}, but not by this model",
    "changes.change": "Change",
    "changes.serving": "Version {version}",
    # The figures.
    "metrics": "The figures",
    "metrics.hint": "Each value comes with a 95 % interval: the range to expect if other groups "
    "(modules, lots) of the same kind had been tested. Pictures of one group resemble each other, "
    "so whole groups are left out in turn.",
    "metrics.hint_single": "Each value comes with a 95 % interval: the range to expect if other "
    "pictures of the same kind had been tested.",
    "column.figure": "Figure",
    "column.value": "This model",
    "column.interval": "95 % interval",
    "column.bar": "0 to 1",
    "interval": "{low} to {high}",
    "metric.accuracy": "Accuracy",
    "metric.accuracy.meaning": "Pictures decided correctly.",
    "metric.balanced_accuracy": "Balanced accuracy",
    "metric.balanced_accuracy.meaning": "The same, but every class counts equally, however rare.",
    "metric.precision": "Precision",
    "metric.recall": "Found (recall)",
    "metric.f1": "F1",
    "metric.f1.meaning": "Balance between finding the pictures of a class and not raising false "
    "alarms. 1 is perfect.",
    "metric.roc_auc": "ROC-AUC",
    "metric.roc_auc.meaning": "Chance that a random picture of a class scores above one of "
    "another class. Guessing gives 0.5.",
    "metric.average_precision": "Average precision",
    "metric.average_precision.meaning": "How many alarms are right, over all operating points. "
    "1 is perfect; guessing gives the share of such pictures.",
    "metric.harmonic_mean": "Harmonic mean",
    "metric.harmonic_mean.meaning": "Of the shares found of known and of new classes, with known "
    "classes treated as new. 0 where either is never found.",
    "metric.log_loss": "Log loss",
    "metric.log_loss.meaning": "Penalty for being wrong, heavier when sure. Lower is better, "
    "0 is perfect.",
    "metric.calibration_error": "Calibration error",
    "metric.calibration_error.meaning": "How far stated confidence and the share that was right "
    "lie apart. Lower is better.",
    # Class by class.
    "classes": "Class by class",
    "classes.hint": "The classes that need work come first: those that are surely recognised "
    "least often. A wide interval means that there are too few pictures to know.",
    "classes.more": "The other {count} classes",
    "column.class": "Class",
    "column.pictures": "Pictures",
    "column.groups": "Groups",
    # Confusion.
    "confusion": "Which class is answered for which",
    "confusion.hint": "Rows are the truth, columns the model’s decision.",
    "confusion.pairs_hint": "The mistakes that happen most often. All of them are in the heat map "
    "below and in plots/confusion.csv.",
    "confusion.threshold": "“{name}” is decided from a probability of {threshold} upwards.",
    "confusion.truth": "Truth",
    "confusion.decided": "decided: {name}",
    "confusion.all": "all",
    "confusion.taken_for": "Taken for",
    "confusion.times": "Times",
    "confusion.share": "Of the class",
    "confusion.none": "No picture was taken for another class.",
    "confusion.caption_one": "Numbers are pictures; the colour is the share of the true class.",
    # Mistakes.
    "mistakes": "The worst mistakes",
    "mistakes.some": "{wrong} of {pictures} pictures were decided wrongly. Shown are the "
    "{shown} that the model was surest about. Look here first: a wrong label shows up as well.",
    "mistakes.only": "{wrong} of {pictures} pictures were decided wrongly.",
    "mistakes.none": "None of the {pictures} pictures was decided wrongly.",
    "mistakes.labelled": "labelled {name}",
    "mistakes.taken": "{truth} taken for {decision}",
    "group": "group {name}",
    "pictures.more": "The other {count} pictures",
    # Explanations.
    "explanations": "Where the model looked",
    "explanations.hint": "The coloured parts decided the answer. If they lie beside the part or "
    "the fault, the model has learnt the wrong thing.",
    "explanations.test": "Test of these maps on {pictures} pictures: covering the part that "
    "matters most lowers the probability by {drop} points, covering other parts of the same size "
    "by {random_drop} points.",
    "explanations.believed": "The maps show what matters.",
    "explanations.not_believed": "The difference is within chance: do not rely on these maps.",
    "explanations.caption": "answered {predicted}, {share}; labelled {truth}",
    "explanations.picture": "picture",
    "explanations.map": "what mattered",
    # Asking.
    "asking": "When the model asks a person",
    "asking.hint": "An escape is a defect that is answered as good.",
    "asking.kept": "The model asks when it is in doubt, so that at most {rate} of the defects "
    "escape. Without asking {escapes} would. It asks for about {asked} of all pictures.",
    "asking.not_kept": "The promise of at most {rate} escapes is not made: without asking "
    "{escapes} of the defects escape, and to keep it the model would have to ask for {asked} of "
    "all pictures. Add pictures, or allow more asking (evaluate.max_asked).",
    # Slices.
    "tasks": "Further tasks",
    "tasks.hint": "What the model answers besides the class, each on the pictures whose label of "
    "it is known; of a task with several labels a picture, each label by itself.",
    "tasks.serving": "{name}, which serves now",
    "column.task": "Task",
    "slices": "Parts of the pictures",
    "slices.hint": "A model can be good on the whole and weak somewhere. “Worse” marks parts where "
    "this is more than chance, however many parts were looked at.",
    "slices.worse": "worse",
    "slices.none_worse": "No part is worse than the rest with evidence.",
    "slices.more": "The other {count} parts",
    "slices.examples": "Pictures of “{name}”",
    "column.part": "Part",
    "column.difference": "Against the rest",
    "points": "{value} points",
    "not_computable": "not computable",
    # Inspection.
    "inspection": "Doubts about labels and groups",
    "inspection.labels": "{suspected} of {pictures} labels are likely wrong: the pictures most "
    "alike speak against them. Shown are the most doubtful. Nothing was changed. All are ranked in "
    "a table; fill in its column “corrected” and run: graft data relabel {table}",
    "inspection.no_labels": "No label is likely wrong: the pictures most alike speak for it.",
    "inspection.caption": "labelled {label}; more like {suggestion}",
    "inspection.given": "Your {groups} groups matter: with each left out as a whole, {apart} are "
    "answered correctly, and {straddling} where its other pictures are known.",
    "inspection.accept": "To accept these groups, run: graft run "
    "{run}/inspection/proposed_manifest.csv --preset {run}/settings.yaml",
    "inspection.shortcuts": "How far one plain fact alone tells the class, on groups that were "
    "left out (ROC-AUC; up to 0.5 it tells nothing). From a clear one the model may have "
    "learnt the fact and not the thing.",
    "inspection.fact": "Fact",
    "inspection.clear": "clear",
    # Advice.
    "advice": "What more pictures would bring",
    "advice.hint": "Measured by training on smaller parts of these pictures and looking how much "
    "each step brought.",
    "advice.added": "More pictures",
    "advice.gain": "Expected gain",
    "advice.then": "Found then",
    "advice.saturated": "hardly any",
    "advice.all": "all classes",
    "advice.caption": "Share found by the number of training pictures; the band is the 80 % "
    "interval.",
    # Curves and calibration.
    "curves": "Finding more, or fewer false alarms",
    "curves.hint": "Every point of a curve is another operating point. Moving along it trades "
    "missed pictures for false alarms; a curve further towards the upper corner is better.",
    "curves.caption": "ROC: share found against share of false alarms; dotted: guessing. Precision "
    "and recall: how many alarms are right, against the share found.",
    "curves.caption_worst": "ROC: share found against share of false alarms; dotted: guessing. "
    "Precision and recall: how many alarms are right, against the share found. Coloured: the "
    "{count} hardest classes; grey: the others.",
    "curves.threshold": "The operating point is a setting: export.decision_threshold is the "
    "probability from which “{name}” is decided. A lower one misses fewer and raises more false "
    "alarms; docs/how-to/threshold.md shows how to choose it.",
    "calibration": "Can the stated confidence be trusted?",
    "calibration.hint": "Of the pictures that the model is 80 % sure about, 80 % should be right: "
    "then the dots lie on the dotted line. Below it the model is too sure, above it too modest.",
    "calibration.caption": "Larger dots stand for more pictures; bars: how many pictures fall into "
    "each bin.",
    # Robustness and costs.
    "robustness": "If the camera gets worse",
    "robustness.hint": "Accuracy on a sample of {pictures} pictures with a fault put on it, from "
    "slight (1) to severe (5), and the change against the same pictures without it. Coloured: the "
    "fault costs more than chance explains.",
    "robustness.hint_seen": "The model has been trained on these pictures, so only the changes "
    "count.",
    "robustness.fault": "Fault",
    "costs": "Size and speed",
    "costs.hint": "Measured on the machine that ran this evaluation.",
    "costs.size": "Size of the exported model",
    "costs.parameters": "Weights",
    "costs.latency": "Time for a call with {batch} pictures",
    "costs.latency_one": "Time for a call with one picture",
    "costs.latency_value": "{median} ms (19 of 20 calls: below {p95} ms)",
    "costs.rate": "{rate} pictures a second",
    "fault.noise": "noise",
    "fault.blur": "soft focus",
    "fault.defocus": "out of focus",
    "fault.brightness": "too bright",
    "fault.contrast": "low contrast",
    "fault.exposure": "too dark",
    "fault.colour": "colour cast",
    "fault.dirt": "dirt on the lens",
    "fault.shift": "shifted",
    "fault.rotation": "turned",
    "fault.jpeg": "strong compression",
    # Training and data.
    "choice": "Why it was trained this way",
    "choice.hint": "Every dot asks how far the pretrained features after one layer tell the "
    "classes apart, without any training of the network. Where the curve climbs to the right, the "
    "high layers serve this task. Bars are standard errors over {folds} folds that keep groups "
    "together, small dots the single folds: differences within the bars mean nothing.",
    "choice.caption": "The score by depth, from shallow to deep.",
    "augmentation": "What training saw",
    "augmentation.policy": "Changed copies of the training pictures, by: {names}.",
    "augmentation.auto": "Chosen by what a probe gains on {pictures} training pictures.",
    "augmentation.caption": "A row a picture: as it is, then the copies that were stored. "
    "Would your camera produce them, and is the label still right?",
    "augmentation.outside": "“{name}” takes {share} of its copies out of what the camera "
    "produces, by their {fact}: weaken it, or leave it out.",
    "augmentation.left_right": "Pictures mirrored left to right differ from originals for a probe: "
    "ROC-AUC {auc} ({low} to {high}), 0.5 is no difference.",
    "augmentation.up_down": "Pictures mirrored upside down differ from originals for a probe: "
    "ROC-AUC {auc} ({low} to {high}), 0.5 is no difference.",
    "augmentation.allowed": "So this mirror was tried.",
    "augmentation.refused": "So which side is which means something: this mirror was not tried.",
    "augmentation.tried": "Tried",
    "augmentation.gain": "Gain in log loss",
    "learning": "How the training went",
    "learning.hint": "Training and validation should fall and rise together. A validation loss "
    "that climbs while the training loss falls means that the model learns its pictures by heart. "
    "Training may lie below validation: it sees changed, harder copies of its pictures.",
    "learning.hint_cv": "The loss on the training pictures should fall. All pictures are trained "
    "on, so there is no validation curve.",
    "learning.caption": "Loss and accuracy by epoch.",
    "data": "The pictures",
    "data.split": "Split",
    "data.all": "All",
    "data.counted": "{pictures} pictures in {groups} groups",
    "data.train": "training",
    "data.validation": "validation",
    "data.test": "test",
    "data.apart": "No group of the test split has pictures in another one.",
    "data.straddling": "Groups of the test split that also have pictures in another one: {count}.",
    "data.folds": "All pictures are trained on; each group was kept out of the folds that judged "
    "it.",
    "data.inferred": "The source does not name groups; they were inferred, so treat the intervals "
    "with that in mind.",
    "data.licence": "Licence of the pictures: {licence}.",
    # Provenance.
    "provenance": "Where this comes from",
    "provenance.run": "Run",
    "provenance.commit": "Code (git commit)",
    "provenance.data": "Data (SHA-256)",
    "provenance.config": "Configuration (SHA-256)",
    "provenance.model": "Model (SHA-256)",
    "provenance.checks": "Checks of the pictures",
    "provenance.checks_link": "checks.html, beside this page in the run’s folder",
    "provenance.serving": "Serving now",
    "provenance.version": "version {version}",
    "provenance.network": "Network",
    "provenance.network_value": "{backbone}, {method}, {size} px, averaged views: {flips}, "
    "temperature {temperature}, seed {seed}",
    "provenance.parity": "Exported = trained",
    "provenance.parity_value": "probabilities differ by at most {value}",
    "provenance.settings": "Settings of the step {step}",
    "provenance.content": "content SHA-256",
    "unknown": "unknown",
    # Inside the plots.
    "plot.loss": "loss",
    "plot.accuracy": "accuracy",
    "plot.epoch": "epoch",
    "plot.training": "training",
    "plot.validation": "validation",
    "plot.pictures": "pictures",
    "plot.share": "share of each true class",
    "plot.decision": "the model’s decision",
    "plot.truth": "truth",
    "plot.both": "pictures, coloured by their share of the true class",
    "plot.guessing": "guessing",
    "plot.operating_point": "operating point",
    "plot.false_alarms": "false alarms (share)",
    "plot.found": "found (share)",
    "plot.roc": "ROC",
    "plot.recall": "found (recall)",
    "plot.right_alarms": "right alarms (precision)",
    "plot.precision_recall": "precision and recall",
    "plot.perfect": "perfectly calibrated",
    "plot.model": "the model",
    "plot.stated": "stated confidence",
    "plot.right": "share that was right",
    "plot.reliability": "reliability",
    "plot.how_sure": "how sure it is",
    "plot.profile": "what each layer knows",
    "plot.probe": "{figure} of a linear probe",
    "plot.cut": "cut off after {layer}",
    "plot.trained_on": "training pictures",
    "plot.names": "Numbers in the plots stand for classes, because this machine has no font for "
    "their names (Debian: fonts-noto-cjk): {names}.",
}
