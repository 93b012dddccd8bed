/// The version of the command and of the library it is built with.
package enum Version {
  package static let number = "0.1.0"
}
