/// The version of the command and of the library it is built with.
enum Version {
  static let number = "0.1.0"
}
