/// A model that cannot be written as ONNX.
public struct ONNXExportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The layer's path; empty for the model itself.
  public let path: String
  /// The operation.
  public let operation: String
  /// What is in the way.
  public let problem: String

  public var description: String {
    "\(operation)\(path.isEmpty ? "" : " in \(path)") cannot be written as ONNX: \(problem)"
  }
}
