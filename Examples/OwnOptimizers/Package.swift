// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "OwnOptimizers",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "OwnOptimizers", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
