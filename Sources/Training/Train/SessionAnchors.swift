import GlissadeDevices
import GlissadePlanning

extension TrainingSession {
  /// Says where the parameters of groups with `stayClose` are drawn to: to their values in a state, usually the pretrained one. Until then it is
  /// to zero, as by weight decay.
  /// - Throws: `StateError` where the state lacks one of their parameters or has it in another shape; `DeviceError`.
  public func anchor(at state: ModelState) throws {
    let known = Dictionary(state.parameters.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var problems: [String] = []
    var arenas: [BufferReference: [Float]] = [:]
    for entry in layout.entries {
      guard let group = entry.group, groups[group].stayClose != 0, let anchor = entry.anchor else { continue }
      guard let source = known[entry.path], source.shape == entry.parameter.shape, source.values.count == entry.slice.count else {
        let found = known[entry.path].map { "is \($0.shape)" } ?? "is missing"
        problems.append("\(entry.path) \(found) and is to stay close to it with \(entry.parameter.shape)")
        continue
      }
      arenas[anchor.buffer, default: [Float](repeating: 0, count: layout.groupPieces[group][entry.piece])].replaceSubrange(
        anchor.offset..<(anchor.offset + anchor.count), with: source.values)
    }
    if !problems.isEmpty { throw StateError(path: "the state to stay close to", problems: problems) }
    for (reference, values) in arenas { if let buffer = buffer(reference) { try device.write(values, to: buffer) } }
  }
}
