// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Curvature",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "Curvature", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
