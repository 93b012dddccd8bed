// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "SiameseNetwork",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "SiameseNetwork", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
