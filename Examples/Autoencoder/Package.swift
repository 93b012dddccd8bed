// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Autoencoder",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "Autoencoder", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
