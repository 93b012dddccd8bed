// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "FirstProgram",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "FirstProgram", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
