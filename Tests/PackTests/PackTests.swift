import Foundation
import Testing

/// What goes into a pack, and what finds drivers where it is unpacked.
struct PackTests {
  @Test func aPackHoldsAllThatItNeedsAndIsSmall() throws {
    let fake = try FakePack()
    let made = try fake.run("pack.sh", [fake.pack])
    #expect(made.status == 0, "\(made)")
    let names = try FileManager.default.subpathsOfDirectory(atPath: fake.pack)
    for name in [
      "run.sh", "with.sh", "drivers.sh", "environment.sh", "bin/glissade.xz", "bin/GlissadeConformance.xz", "tools/xz.gz",
      "lib/liblzma.so.5.gz",
      "loader/libOpenCL.so.1.gz",
      "data/fashion-mnist/train-images-idx3-ubyte.gz", "bench/peers/run.py", "bench/peers/pytorch.py", "ABOUT", "LICENSE",
    ] { #expect(names.contains(name), "\(name)") }
    let with = try fake.run("with.sh", ["glissade", "--version"], ofPack: true)
    #expect(with.status == 0 && with.output == "0.1.0\n", "\(with)")
  }

  @Test func packsThatAreTooLargeAndFoldersOfOthersAreRefused() throws {
    let fake = try FakePack()
    try FakePack.write("mine", to: fake.folder + "/mine/file")
    let refused = try fake.run("pack.sh", [fake.folder + "/mine"])
    #expect(refused.status == 2 && refused.errorLines.count == 1 && fake.text("mine/file") == "mine", "\(refused)")
    let large = fake.folder + "/datasets/fashion-mnist/large.gz"
    try Data().write(to: URL(fileURLWithPath: large))
    #expect(truncate(large, 61 << 20) == 0)
    let refusedToo = try fake.run("pack.sh", [fake.pack])
    #expect(refusedToo.status == 1 && refusedToo.errors.contains("60"), "\(refusedToo)")
    #expect(!FileManager.default.fileExists(atPath: fake.pack))
  }

  /// A fake machine: what lies where, what `.icd` files name, and the drivers that have to be found.
  @Test(arguments: [
    (
      files: ["/usr/local/nvidia/lib64/libnvidia-opencl.so.1"], named: [String: String](),
      found: ["/usr/local/nvidia/lib64/libnvidia-opencl.so.1"]
    ),
    // Where nobody made the link to the version.
    (files: ["/usr/lib64/libnvidia-opencl.so.580.1"], named: [:], found: ["/usr/lib64/libnvidia-opencl.so.580.1"]),
    // Once, though it is there twice and named, too.
    (
      files: ["/usr/lib/x86_64-linux-gnu/libnvidia-opencl.so.1", "/usr/local/cuda/compat/libnvidia-opencl.so.1"],
      named: ["nvidia": "libnvidia-opencl.so.1"], found: ["/usr/lib/x86_64-linux-gnu/libnvidia-opencl.so.1"]
    ),
    (
      files: ["/opt/rocm-6.1.0/lib/libamdocl64.so", "/usr/lib/x86_64-linux-gnu/intel-opencl/libigdrcl.so"], named: [:],
      found: ["/opt/rocm-6.1.0/lib/libamdocl64.so", "/usr/lib/x86_64-linux-gnu/intel-opencl/libigdrcl.so"]
    ),
    // What only an .icd file knows, by path or by name; what it names and is not there counts for nothing.
    (
      files: ["/opt/maker/libmaker.so", "/usr/lib64/libMesaOpenCL.so.1"],
      named: ["a": "/opt/maker/libmaker.so", "b": "libMesaOpenCL.so.1", "c": "libgone.so"],
      found: ["/opt/maker/libmaker.so", "/usr/lib64/libMesaOpenCL.so.1"]
    ),
    (files: [], named: [:], found: []),
  ])
  func driversAreFoundWhereverTheyLie(files: [String], named: [String: String], found: [String]) throws {
    let fake = try FakePack()
    let root = fake.folder + "/root"
    for file in files { try FakePack.write("driver", to: root + file) }
    for (name, content) in named { try FakePack.write(content + "\n", to: "\(root)/etc/OpenCL/vendors/\(name).icd") }
    let outcome = try fake.run("drivers.sh", ["drivers"], more: ["GLISSADE_GPU_ROOT": root])
    #expect(outcome.status == 0 && outcome.lines.sorted() == found.map { root + $0 }.sorted(), "\(outcome)")
    let written = try FileManager.default.contentsOfDirectory(atPath: fake.folder + "/drivers")
    #expect(Set(written.map { fake.text("drivers/\($0)") }) == Set(found.map { root + $0 + "\n" }))
    #expect(written.allSatisfy { $0.hasSuffix(".icd") })
  }

  @Test func aDriverWithoutItsOpenCLIsExplained() throws {
    let fake = try FakePack()
    try FakePack.write("driver", to: fake.folder + "/root/usr/lib64/libcuda.so.1")
    let outcome = try fake.run("drivers.sh", ["drivers"], more: ["GLISSADE_GPU_ROOT": fake.folder + "/root"])
    #expect(outcome.output.isEmpty && outcome.errors.contains("NVIDIA_DRIVER_CAPABILITIES"), "\(outcome)")
  }
}
