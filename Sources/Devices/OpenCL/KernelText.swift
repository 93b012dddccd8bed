/// Cuts kernels out of their family's text, helpers included.
///
/// Drivers compile, and hand out as binary, all that a program holds: a family's other kernels would cost seconds at the first start and be
/// for nothing.
enum KernelText {
  /// - Parameters:
  ///   - family: a family's whole text.
  ///   - names: the kernels to keep.
  /// - Returns: the text without the other kernels, each from `__kernel` to a brace at the start of a line; lines keep their numbers.
  static func program(from family: String, keeping names: Set<String>) -> String {
    var result = ""
    result.reserveCapacity(family.utf8.count)
    var isInsideOther = false
    for line in family.split(separator: "\n", omittingEmptySubsequences: false) {
      if !isInsideOther, let kernel = Self.kernel(startedBy: line), !names.contains(kernel) { isInsideOther = true }
      if !isInsideOther {
        result += line
      } else if line.hasPrefix("}") {
        isInsideOther = false
      }
      result += "\n"
    }
    return result
  }

  /// The kernel that begins in a line: `__kernel void NAME(…`, possibly with an attribute's macro before `void`.
  private static func kernel(startedBy line: Substring) -> String? {
    guard line.hasPrefix("__kernel "), let parenthesis = line.firstIndex(of: "(") else { return nil }
    return line[..<parenthesis].split(separator: " ").last.map(String.init)
  }
}
