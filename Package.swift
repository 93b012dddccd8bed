// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "glissade",
  products: [
    .library(name: "Glissade", targets: ["Glissade"]),
    .executable(name: "glissade", targets: ["GlissadeCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // The kernels and what runs them.
    .target(
      name: "GlissadeKernels", path: "Kernels",
      sources: ["embed.c", "registry.c", "scalar_names.c", "native_v4.c", "native_v3.c", "native_generic.c"],
      publicHeadersPath: "include"),
    .target(name: "COpenCL"),
    .target(name: "CExecutor"),
    .target(name: "CDigest"),
    .target(name: "CCurl"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
    .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    .target(name: "CPictures", dependencies: ["CJPEG", "CPNG", "CWebP", "CTIFF"]),

    // What is computed, when and where, and by what.
    .target(name: "GlissadeRandom", path: "Sources/Random"),
    .target(name: "GlissadeTensors", dependencies: ["GlissadeRandom"], path: "Sources/Tensors"),
    .target(name: "GlissadePlanning", dependencies: ["GlissadeTensors", "GlissadeKernels"], path: "Sources/Planning"),
    .target(
      name: "GlissadeDevices", dependencies: ["GlissadePlanning", "GlissadeKernels", "GlissadeFormats", "COpenCL", "CExecutor"],
      path: "Sources/Devices"),

    // What people build networks from.
    .target(name: "GlissadeLayers", dependencies: ["GlissadeTensors"], path: "Sources/Layers"),
    .target(
      name: "GlissadeOptimizers", dependencies: ["GlissadePlanning", "GlissadeKernels", "GlissadeFormats"], path: "Sources/Optimizers"),
    // Pictures of numbers.
    .target(name: "GlissadeCharts", path: "Sources/Charts"),
    .target(name: "GlissadeModels", dependencies: ["GlissadeLayers", "GlissadeFormats"], path: "Sources/Models"),
    .target(name: "GlissadeFormats", dependencies: ["CZlib", "CDigest"], path: "Sources/Formats"),
    .target(name: "GlissadeWeights", dependencies: ["GlissadeFormats", "CCurl"], path: "Sources/Weights"),
    .target(name: "GlissadeData", dependencies: ["GlissadeRandom", "GlissadeFormats", "CZlib"], path: "Sources/Data"),
    .target(
      name: "GlissadePictures", dependencies: ["GlissadeData", "GlissadeFormats", "GlissadeRandom", "CPictures", "CExecutor"],
      path: "Sources/Pictures"),
    .target(
      name: "GlissadeTraining",
      dependencies: ["GlissadeDevices", "GlissadeLayers", "GlissadeOptimizers", "GlissadeData", "GlissadeFormats"],
      path: "Sources/Training"),
    .target(
      name: "GlissadeRecipes",
      dependencies: [
        "GlissadeTraining", "GlissadeModels", "GlissadeWeights", "GlissadePictures", "GlissadeOptimizers", "GlissadeData",
        "GlissadeDevices", "GlissadeFormats", "GlissadeRandom", .product(name: "Yams", package: "Yams"),
      ],
      path: "Sources/Recipes"),
    // Pages about runs.
    .target(
      name: "GlissadeReports",
      dependencies: [
        "GlissadeCharts", "GlissadeTraining", "GlissadeRecipes", "GlissadeFormats", .product(name: "Mustache", package: "swift-mustache"),
      ],
      path: "Sources/Reports"),
    .target(
      name: "GlissadeRuns",
      dependencies: [
        "GlissadeReports", "GlissadeRecipes", "GlissadeTraining", "GlissadeModels", "GlissadeWeights", "GlissadePictures",
        "GlissadeOptimizers",
        "GlissadeLayers", "GlissadeData", "GlissadeDevices", "GlissadeFormats", "GlissadeTensors",
      ],
      path: "Sources/Runs"),
    // Known functions, and the paths of optimizers over them.
    .target(
      name: "GlissadeLandscapes",
      dependencies: ["GlissadeTraining", "GlissadeCharts", "GlissadeOptimizers", "GlissadeLayers", "GlissadeDevices", "GlissadeTensors"],
      path: "Sources/Landscapes"),
    .target(
      name: "Glissade",
      dependencies: [
        "GlissadeTensors", "GlissadePlanning", "GlissadeDevices", "GlissadeLayers", "GlissadeOptimizers", "GlissadeModels",
        "GlissadeFormats", "GlissadeData", "GlissadePictures", "GlissadeTraining", "GlissadeWeights", "GlissadeRecipes", "GlissadeReports",
        "GlissadeRuns",
      ]),
    // What measures it.
    .target(
      name: "GlissadeBenchmarks", dependencies: ["Glissade", "GlissadeDevices", "GlissadePlanning", "GlissadeKernels"],
      path: "bench/Benchmarks"),
    .executableTarget(name: "GlissadeLoading", dependencies: ["GlissadePictures", "GlissadeData"], path: "bench/Loading"),
    .executableTarget(
      name: "GlissadeCommand",
      dependencies: [
        "Glissade", "GlissadeDevices", "GlissadePlanning", "GlissadeFormats", "GlissadeBenchmarks", "GlissadeCharts", "GlissadeReports",
        "GlissadeLandscapes",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Command"),

    // Tests: what several share, one target for each module, and three that hold the whole against witnesses.
    .target(
      name: "StepSupport", dependencies: ["GlissadeDevices", "GlissadePlanning", "GlissadeLayers", "GlissadeKernels"],
      path: "Tests/StepSupport"),
    .target(
      name: "TestSupport",
      dependencies: ["Glissade", "GlissadeDevices", "GlissadePlanning", "GlissadeFormats", "StepSupport", "CZlib"],
      path: "Tests/TestSupport"),
    .target(
      name: "ConformanceCases",
      dependencies: ["StepSupport", "GlissadeDevices", "GlissadePlanning", "GlissadeModels", "GlissadeLayers", "GlissadeRandom"],
      path: "Tests/ConformanceCases"),
    .executableTarget(
      name: "GlissadeConformance", dependencies: ["ConformanceCases", "StepSupport", "GlissadeDevices", "GlissadeFormats"],
      path: "Tests/Conformance"),
    .executableTarget(
      name: "GlissadeOperations",
      dependencies: ["StepSupport", "GlissadeDevices", "GlissadePlanning", "GlissadeTensors", "GlissadeFormats"],
      path: "Tests/Operations"),
    .executableTarget(
      name: "GlissadeFuzz", dependencies: ["GlissadeFormats", "GlissadeData", "GlissadePictures", "GlissadeTraining", "TestSupport"],
      path: "Tests/Fuzz"),
    .testTarget(name: "ExecutorTests", dependencies: ["CExecutor"]),
    .testTarget(name: "COpenCLTests", dependencies: ["COpenCL", "TestSupport"]),
    .testTarget(name: "RandomTests", dependencies: ["GlissadeRandom"]),
    .testTarget(name: "TensorsTests", dependencies: ["GlissadeTensors", "GlissadeLayers", "GlissadeModels"]),
    .testTarget(name: "PlanningTests", dependencies: ["Glissade", "TestSupport"]),
    .testTarget(name: "DevicesTests", dependencies: ["Glissade", "GlissadeKernels", "COpenCL", "TestSupport"]),
    .testTarget(name: "ChartsTests", dependencies: ["GlissadeCharts"]),
    .testTarget(name: "LandscapesTests", dependencies: ["GlissadeLandscapes", "GlissadeOptimizers", "GlissadeCharts"]),
    .testTarget(
      name: "ReportsTests", dependencies: ["GlissadeReports", "GlissadeCharts", "GlissadeTraining", "GlissadeFormats", "TestSupport"]),
    .testTarget(name: "OptimizersTests", dependencies: ["GlissadeOptimizers"]),
    .testTarget(name: "FormatsTests", dependencies: ["GlissadeFormats", "TestSupport"]),
    .testTarget(name: "DataTests", dependencies: ["GlissadeData", "GlissadeRandom", "CZlib", "TestSupport"]),
    .testTarget(
      name: "PicturesTests",
      dependencies: ["GlissadePictures", "GlissadeData", "GlissadeFormats", "GlissadeRandom", "CPictures", "TestSupport"]),
    .testTarget(
      name: "RecipesTests",
      dependencies: [
        "GlissadeRecipes", "GlissadeFormats", "GlissadeLayers", "GlissadeModels", "GlissadeOptimizers", "GlissadeTraining",
      ]),
    .testTarget(name: "WeightsTests", dependencies: ["GlissadeWeights", "GlissadeModels", "GlissadeFormats", "TestSupport"]),
    .testTarget(name: "SessionTests", dependencies: ["Glissade", "TestSupport"]),
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "ConformanceCases", "GlissadeConformance", "StepSupport", "TestSupport", "Glissade", "GlissadeKernels", "GlissadeRandom",
      ]),
    .testTarget(name: "FixtureTests", dependencies: ["Glissade", "GlissadeRandom", "GlissadeKernels", "TestSupport"]),
    .testTarget(name: "CommandLineTests", dependencies: ["Glissade", "GlissadeFormats", "TestSupport", "GlissadeCommand"]),
    .testTarget(name: "BenchmarksTests", dependencies: ["GlissadeBenchmarks", "Glissade", "GlissadeKernels", "TestSupport"]),
    .testTarget(name: "PackTests", dependencies: ["GlissadeFormats"]),
    .testTarget(name: "UserPackageTests", dependencies: ["TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
