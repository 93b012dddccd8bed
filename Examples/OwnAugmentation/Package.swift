// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "OwnAugmentation",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "OwnAugmentation", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
