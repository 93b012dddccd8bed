import ArgumentParser
import Glissade
import GlissadeDevices

extension CompletionKind {
  /// A device by its name: the words that stand for one, and OpenCL's devices on this machine.
  static var device: CompletionKind {
    .custom { _, _, typed in
      let begun = PlaceCompletion.unquoted(typed)
      let words = DeviceRequest.recipeBeginnings ?? []
      // Drivers are asked only where one of their devices may be meant.
      let isOpenCL = "\(DeviceRequest.openCL):".hasPrefix(begun) || begun.hasPrefix("\(DeviceRequest.openCL):")
      let devices = isOpenCL ? OpenCLDiscovery().candidates.map(\.information.identifier) : []
      return (words + devices).filter { $0.hasPrefix(begun) }
    }
  }

  /// What a search varies: an option with what it may be behind it, as far as that is words.
  static var variation: CompletionKind { .custom { _, _, typed in VariationCompletion.offered(behind: PlaceCompletion.unquoted(typed)) } }
}

/// Finds what a dimension of a search can become that somebody has begun to type.
enum VariationCompletion {
  static func offered(behind begun: String) -> [String] {
    guard let equals = begun.firstIndex(of: "=") else {
      return Recipe.declarations.map { "\($0.name)=" }.filter { $0.hasPrefix(begun) }
    }
    let name = String(begun[..<equals])
    guard let option = Recipe.declaration(name) else { return [] }
    let words = option.isFlag ? ["true", "false"] : option.beginnings ?? []
    return WordCompletion(words).offered(behind: String(begun[begun.index(after: equals)...])).map { "\(name)=\($0)" }
  }
}
