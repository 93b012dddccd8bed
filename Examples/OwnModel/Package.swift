// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "OwnModel",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [
    .executableTarget(name: "OwnModel", dependencies: [.product(name: "Glissade", package: "glissade")]),
    .executableTarget(name: "FineTuning", dependencies: [.product(name: "Glissade", package: "glissade")]),
  ]
)
