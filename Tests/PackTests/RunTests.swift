import Foundation
import GlissadeFormats
import Testing

/// The order of a run on a GPU, its shares of the time, and what is left of it when it is cut.
struct RunTests {
  @Test func partsRunInTheirOrderAndSayWhatCameOfThem() throws {
    let fake = try FakePack()
    let outcome = try fake.measure()
    #expect(outcome.status == 0, "\(outcome)")
    let listed = try fake.run("run.sh", ["--list"]).lines.map { String($0.prefix { $0 != " " }) }
    #expect(fake.record.map { $0[0] } == listed)
    #expect(
      listed.prefix(9) == [
        "there", "conformance", "lenet-gpu", "lenet-cpu", "bench-kernels", "bench-train", "tune", "bench-kernels-tuned",
        "bench-train-tuned",
      ])
    for (name, state) in fake.record.map({ ($0[0], $0[1]) }) {
      #expect(state == (name.hasPrefix("pytorch") ? "skipped" : "done"), "\(name)")
    }
    let summary = try JSONValue.read(path: fake.out + "/summary.json")
    #expect(summary["device"]?.stringValue == "opencl:1.0" && summary["state"]?.stringValue == "finished")
    #expect(summary["parts"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == listed)
    // The GPU is asked for by its name, the processor once, and half precision where it is to be.
    #expect(fake.calls.contains("GlissadeConformance --device opencl:1.0 --json conformance.json"))
    #expect(fake.calls.count { $0.contains("--device cpu") } == 1)
    #expect(fake.calls.contains { $0.contains("train") && $0.contains("--batch-size 256") && $0.contains("--model resnet18") })
    #expect(fake.calls.contains { $0.contains("adam 100M") } && fake.calls.contains { $0.contains("matmul 4096^3") })
    // What was tuned comes back, and what was unpacked goes.
    #expect(FileManager.default.fileExists(atPath: fake.out + "/07-tune/tuning.json"))
    #expect(!FileManager.default.fileExists(atPath: fake.out + "/work/bin"))
  }

  @Test func whatAPartLeavesOverGoesToTheOthers() throws {
    let fake = try FakePack()
    _ = try fake.measure(600)
    let limits = fake.record.filter { $0[1] == "done" }.compactMap { Int($0[3]) }
    // The first may take half, the second its share of all the others, the last what is left.
    #expect(limits.first.map { (290...300).contains($0) } == true, "\(limits)")
    #expect(limits.dropFirst().first.map { (50...90).contains($0) } == true, "\(limits)")
    #expect(limits.last.map { $0 > 550 } == true, "\(limits)")
  }

  @Test func aPartThatTakesTooLongIsCutAndTheOthersRun() throws {
    let fake = try FakePack()
    let start = ContinuousClock.now
    let outcome = try fake.measure(12, more: ["FAKE_SLOW": "kernels"])
    #expect(ContinuousClock.now - start < .seconds(40))
    #expect(outcome.status == 0, "\(outcome)")
    #expect(fake.state(of: "bench-kernels") == "cut" && fake.state(of: "lenet-cpu") == "done" && fake.state(of: "mlp") == "done")
    #expect(fake.text("out/05-bench-kernels/stdout") == "a row of kernels\n")
  }

  @Test func aPartThatFailsIsNamedAndTheOthersRun() throws {
    let fake = try FakePack()
    let outcome = try fake.measure(30, more: ["FAKE_FAILURE": "1", "FAKE_ACCURACY": "0.85"])
    #expect(outcome.status == 1, "\(outcome)")
    #expect(fake.state(of: "conformance") == "failed" && fake.state(of: "lenet-gpu") == "failed" && fake.state(of: "bench-train") == "done")
    #expect(fake.record.first { $0[0] == "lenet-gpu" }?[4].contains("below 0.91") == true)
  }

  @Test(arguments: [SIGKILL, SIGTERM]) func whatWasDoneOutlivesTheRun(signal: Int32) throws {
    let fake = try FakePack()
    _ = try fake.run("pack.sh", [fake.pack])
    let process = try fake.start("run.sh", [fake.out, "300"], ofPack: true, more: ["FAKE_SLOW": "kernels"])
    // What is written last.
    for _ in 0..<600 where !fake.text("out/summary.json").contains("at work on bench-kernels") { usleep(50_000) }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    let summary = try JSONValue.read(path: fake.out + "/summary.json")
    #expect(summary["state"]?.stringValue == (signal == SIGTERM ? "stopped" : "at work on bench-kernels"))
    #expect(["there", "conformance", "lenet-gpu", "lenet-cpu"].allSatisfy { fake.state(of: $0) == "done" }, "\(fake.record)")
    if signal == SIGTERM { #expect(fake.state(of: "bench-kernels") == "cut" && process.terminationStatus == 143) }
  }

  @Test func withoutAGPUOneLineSaysSoAndTheProcessorIsMeasured() throws {
    let fake = try FakePack(.none)
    let outcome = try fake.measure()
    #expect(outcome.status == 0, "\(outcome)")
    let saying = outcome.lines.filter { $0.hasPrefix("No GPU: ") }
    #expect(saying.count == 1 && saying[0].contains("driver") && saying[0].hasSuffix("The figures are the processor's."), "\(outcome)")
    #expect(fake.state(of: "lenet-gpu") == "skipped" && fake.state(of: "tune") == "skipped" && fake.state(of: "bench-kernels") == "done")
    #expect(fake.calls.contains("GlissadeConformance --device cpu --json conformance.json"))
  }

  @Test func aGPUThatIsNotTakenIsLookedInto() throws {
    let fake = try FakePack(.gpuThatFails)
    _ = try fake.measure(30, parts: ["there", "conformance"])
    #expect(fake.calls.contains("GlissadeConformance --device opencl:1.0 --json conformance.json"))
  }

  @Test func partsCanBeRunAgain() throws {
    let fake = try FakePack()
    _ = try fake.measure()
    let outcome = try fake.measure(30, parts: ["conformance"], more: ["FAKE_FAILURE": "1"])
    #expect(outcome.status == 1 && fake.state(of: "conformance") == "failed" && fake.state(of: "mlp") == "done", "\(outcome)")
    let unknown = try fake.measure(30, parts: ["confromance"])
    #expect(unknown.status == 2 && unknown.errorLines.count == 1 && unknown.errors.contains("conformance"), "\(unknown)")
  }

  @Test func allThatIsWorthSendingIsKeptInOneFile() throws {
    let fake = try FakePack()
    _ = try fake.measure(30, more: ["GLISSADE_GPU_ARCHIVE": "results.tar.gz"])
    let listed = Process()
    let pipe = Pipe()
    listed.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    listed.arguments = ["tar", "tzf", fake.folder + "/results.tar.gz"]
    listed.standardOutput = pipe
    try listed.run()
    let names = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    listed.waitUntilExit()
    #expect(names.contains("./summary.json\n") && names.contains("./01-there/devices.json\n") && !names.contains("work/"), "\(names)")
  }

  @Test func foldersAreFoundOrRefused() throws {
    let fake = try FakePack()
    _ = try fake.run("pack.sh", [fake.pack])
    // Relative to where it was called.
    let relative = try fake.run("run.sh", ["some/where", "30", "there"], ofPack: true)
    #expect(relative.status == 0 && fake.text("some/where/summary.json").contains("finished"), "\(relative)")
    try FakePack.write("mine", to: fake.folder + "/other/file")
    for (out, word) in [("other", "something else"), ("other/file/out", "cannot be made"), ("/proc/out", "cannot be made")] {
      let refused = try fake.run("run.sh", [out, "30"], ofPack: true)
      #expect(refused.status == 2 && refused.errorLines.count == 1 && refused.errors.contains(word), "\(refused)")
    }
    for arguments in [[], ["out"], ["out", "soon"], ["out", "-5"], ["out", "3"], ["--out", "30"]] {
      let refused = try fake.run("run.sh", arguments, ofPack: true)
      #expect(refused.status == 2 && refused.errorLines.count == 1, "\(arguments): \(refused)")
    }
    #expect(fake.text("other/file") == "mine")
  }
}
