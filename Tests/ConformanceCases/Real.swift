#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The C library's functions of float64, by names that those of tensors do not hide.
enum Real {
  static func exp(_ x: Double) -> Double { libraryExp(x) }
  static func log(_ x: Double) -> Double { libraryLog(x) }
  static func log1p(_ x: Double) -> Double { libraryLog1p(x) }
  static func sin(_ x: Double) -> Double { librarySin(x) }
  static func cos(_ x: Double) -> Double { libraryCos(x) }
  static func tanh(_ x: Double) -> Double { libraryTanh(x) }
  static func erf(_ x: Double) -> Double { libraryErf(x) }
  static func expm1(_ x: Double) -> Double { libraryExpm1(x) }
  static func pow(_ x: Double, _ y: Double) -> Double { libraryPow(x, y) }
}

// Inside the enumeration the same names would mean its own functions.
private func libraryExp(_ x: Double) -> Double { exp(x) }
private func libraryLog(_ x: Double) -> Double { log(x) }
private func libraryLog1p(_ x: Double) -> Double { log1p(x) }
private func librarySin(_ x: Double) -> Double { sin(x) }
private func libraryCos(_ x: Double) -> Double { cos(x) }
private func libraryTanh(_ x: Double) -> Double { tanh(x) }
private func libraryErf(_ x: Double) -> Double { erf(x) }
private func libraryExpm1(_ x: Double) -> Double { expm1(x) }
private func libraryPow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
