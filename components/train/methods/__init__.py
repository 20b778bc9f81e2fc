"""Ways to transfer, one file each; the file name is the key.

A method module has

- `Options`: a frozen dataclass (a `Section`) of its settings. They are checked before anything
  runs, so the module imports Keras, and what needs it, inside of its functions only;
- `fit(data, network, options, session) -> Fitted`: fits `network.model` in place. `data` is a
  `TrainingData`, `session` (see `components.train.session`) holds the seed and the activation
  cache. It must leave the network able to answer for raw pixels, and say in `Fitted.cut` up to
  which layer the weights are still those that came in, so that later work can start there.
  A method that cuts layers off hands the shorter network back in `Fitted.network`;
- `NORMS_LEARN = True`, if BatchNorm layers learn and their statistics move. Without it they stay
  as they came, which the contract test holds the method to.

- `content_sha256(options)` and `seen(options)`, if it learns from networks besides the given one:
  their digests, and the sha256 of the pictures that they have seen.

What most of them share is `components.train.transfer`, which opens some layers after the probe.
"""
