import GlissadePlanning

/// A kernel whose text is written for a plan, behind the text of a family that defines its words.
enum GeneratedKernel: Hashable {
  case elementwise(ElementwiseChain)
  case update(UpdateChain)

  /// - Returns: `nil` for a kernel of the library.
  init?(_ kernel: Launch.Kernel) {
    switch kernel {
    case .elementwise(let chain): self = .elementwise(chain)
    case .update(let chain): self = .update(chain)
    case .library, .local: return nil
    }
  }

  /// The native kernel that interprets it, whose family defines its words.
  var template: String {
    switch self {
    case .elementwise: "elementwise"
    case .update: "recorded_update"
    }
  }

  func text(name: String) -> String {
    switch self {
    case .elementwise(let chain): ElementwiseSource.text(of: chain, name: name)
    case .update(let chain): UpdateSource.text(of: chain, name: name)
    }
  }
}
