// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "GradientPenalty",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "GradientPenalty", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
