// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "FocalLoss",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "FocalLoss", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
