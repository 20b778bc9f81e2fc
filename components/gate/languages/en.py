"""English."""

TEXTS = {
    "subject": "Verdict",
    "word.deploy": "Deploy: this model may go into service.",
    "word.hold": "Hold: this model should not go into service.",
    "word.insufficient": "Not enough evidence: nobody can tell yet whether this model is good "
    "enough.",
    "word.same": "Nothing new: this is the model that already serves.",
    "next": "What to do next",
    "next.deploy": "Nothing. It is published as the next version; the one before is kept, and "
    "the command graft rollback returns to it.",
    "next.first": "Nothing. It is published as the first version.",
    "next.same": "Nothing. Train again when there are new pictures.",
    "next.stays": "Version {version} goes on serving.",
    "next.nothing_serves": "Nothing is published.",
    "next.labels": "Look at the worst mistakes below and correct labels that are wrong.",
    "next.classes": "Add pictures of the classes that are recognised least: {names}.",
    "next.missing": "Add the pictures that are missing, as the reasons say.",
    "next.groups": "Take them from other parts, lots or sessions than those that are there.",
    "next.again": "Then run the pipeline again.",
    "reasons": "Why",
    "overridden": "Deployed against the gate’s word by {by}, {at}: “{reason}”",
}
