/// What other libraries call things that have a name here.
enum OtherNames {
  private static let names = [
    "swish": "silu", "hard_swish": "hardswish", "hard_sigmoid": "hardsigmoid", "hard_tanh": "hardtanh", "logistic": "sigmoid",
    "kaiming": "he_normal", "kaiming_normal": "he_normal", "kaiming_uniform": "he_uniform", "xavier": "glorot_uniform",
    "xavier_normal": "glorot_normal", "xavier_uniform": "glorot_uniform", "bce_with_logits": "bce", "binary_cross_entropy": "bce",
    "binary_crossentropy": "bce", "categorical_crossentropy": "cross_entropy", "ce": "cross_entropy", "nll_loss": "nll", "l1": "mae",
    "l1_loss": "mae", "l2": "mse", "mse_loss": "mse", "multi_margin": "hinge", "kld": "kl_div", "amsgrad": "adam", "l_bfgs": "lbfgs",
    "gd": "sgd",
  ]

  /// What something is called here, if that is among some names.
  static func meant(by name: String, among known: [String]) -> String? {
    names[String(name.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })].flatMap { known.contains($0) ? $0 : nil }
  }
}
