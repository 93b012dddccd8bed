/// Numbers of any kind, from the two tensors of a fixture that hold them.
extension Fixture {
  func numbers(_ name: String) throws -> [Float] {
    let kinds = try file.integers(of: "\(name)/kind")
    return zip(try file.floats(of: name), kinds).map { value, kind in
      switch kind {
      case 1: .infinity
      case -1: -.infinity
      case 2: .nan
      default: value
      }
    }
  }
}
