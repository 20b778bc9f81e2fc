"""English."""

TEXTS = {
    "subject": "Verdict",
    "word.deploy": "Deploy: this model may go into service.",
    "word.hold": "Hold: this model should not go into service.",
    "word.insufficient": "Not enough evidence: nobody can tell yet whether this model is good "
    "enough.",
    "word.same": "Nothing new: this is the model that already serves.",
    "about": "Model “{name}”, judged {at}.",
    "about.serves": "Version {version} serves.",
    "next": "What to do next",
    "reasons": "Why",
    "overridden": "Deployed against the gate’s word by {by}, {at}: “{reason}”",
}
