// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "TokenClassifier",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "TokenClassifier", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
