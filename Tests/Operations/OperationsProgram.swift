import GlissadeDevices
import GlissadeFormats
import GlissadeTensors
import StepSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Computes what a file asks for, on one device: operations on given numbers, with their gradients and the gradients of these. Another
/// program makes the file and says what is right; see `Scripts/operations.py`.
///
/// `GlissadeOperations CASES.json TENSORS.safetensors RESULTS.safetensors REFUSED.json DEVICE`
@main
struct OperationsProgram {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 6 else {
      end("usage: GlissadeOperations CASES.json TENSORS.safetensors RESULTS.safetensors REFUSED.json cpu|opencl", 2)
    }
    do {
      guard let device = (arguments[5] == "cpu" ? TestDevices.native : TestDevices.openCL).first else {
        throw OperationError("there is no device \(printable(arguments[5]))")
      }
      let cases = try JSONValue.read(path: arguments[1]).arrayValue ?? []
      let tensors = try SafetensorsFile(path: arguments[2])
      var batch = OperationBatch(tensors, device)
      for (index, text) in cases.enumerated() { try batch.add(try OperationCase(text, name: "\(index)")) }
      try batch.flush()
      try SafetensorsWriter.write(path: arguments[3], batch.results)
      try JSONValue.object(batch.refused.map { JSONMember($0.name, .string($0.reason)) }).write(path: arguments[4])
    } catch {
      end("GlissadeOperations: \(error)", 1)
    }
  }

  private static func end(_ line: String, _ status: Int32) -> Never {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(status)
  }
}

/// Something about the file, or an operation that this program does not know.
struct OperationError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
