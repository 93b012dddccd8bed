// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "PictureAndTable",
  dependencies: [.package(name: "glissade", path: "../..")],
  targets: [.executableTarget(name: "PictureAndTable", dependencies: [.product(name: "Glissade", package: "glissade")])]
)
