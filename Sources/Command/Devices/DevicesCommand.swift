import ArgumentParser
import Glissade
import GlissadeDevices

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade devices`.
struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "List the devices, and what 'auto' thinks of each.",
    discussion: """
      GPUs are opened and tested for this, as 'auto' does, until one passes. The JSON also says what each device's driver says of it: \
      whoever reports a problem with a device had better add the output of 'glissade devices --json --test'.
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Test every OpenCL device, also those that 'auto' would not take.")
  var test = false

  func run() throws {
    let list = try DeviceList(testingAll: test)
    try Terminal.print(json ? list.json.text(pretty: true) : list.table)
  }
}

/// Every device with a verdict.
struct DeviceList {
  struct Entry {
    var information: DeviceInformation
    /// Whether `auto` takes it.
    var isChosen: Bool
    /// Why, or why not.
    var verdict: String
    /// Where its kernels for products come from.
    var tuning: DeviceTuning?
    /// What its driver says of it.
    var properties: OpenCLProperties?
    var selfTest: DeviceSurvey.SelfTestVerdict?
    /// What was found out about it.
    var note: String?
  }

  let entries: [Entry]
  /// Why `auto` takes the one it takes.
  let reason: String
  /// OpenCL's platforms that fail.
  let problems: [String]

  init(testingAll: Bool = false) throws {
    let survey = DeviceSurvey(testingAll: testingAll)
    problems = survey.problems.map { Text.line($0) }
    reason = Text.line(survey.reason)
    let cpu = try CPUDevice().information
    let chosen = survey.chosen?.information.identifier ?? "cpu"
    entries =
      survey.entries.map { entry in
        Entry(
          information: entry.information, isChosen: entry.information.identifier == chosen,
          verdict: Text.line(entry.objection ?? survey.reason), tuning: entry.tuning, properties: entry.properties,
          selfTest: entry.selfTest, note: entry.note.map { Text.line($0) })
      }
      + [
        Entry(
          information: cpu, isChosen: chosen == "cpu",
          verdict: chosen == "cpu" ? Text.line(survey.reason) : "'auto' prefers a GPU that works")
      ]
  }

  var json: JSONValue {
    let devices = entries.map { entry -> JSONValue in
      let information = entry.information
      return [
        "identifier": .string(information.identifier),
        "name": .string(information.name),
        "kind": .string(information.kind.rawValue),
        "platform": .string(information.platform),
        "driver": .string(information.driver),
        "memory_bytes": .integer(Int64(clamping: information.memoryBytes)),
        "compute_units": .integer(Int64(information.computeUnits)),
        "clock_megahertz": information.clockMegahertz > 0 ? .integer(Int64(information.clockMegahertz)) : .null,
        "shares_host_memory": .bool(information.sharesHostMemory),
        "fp16": .bool(information.hasHalfPrecision),
        "sub_groups": .bool(information.hasSubgroups),
        "command_buffers": .bool(information.hasCommandBuffers),
        "auto": .bool(entry.isChosen),
        "reason": .string(entry.verdict),
        "tuning": entry.tuning.map { .string($0.description) } ?? .null,
        "self_test": entry.selfTest.map { .string(Text.line($0.description)) } ?? .null,
        "note": entry.note.map { .string($0) } ?? .null,
        "opencl": entry.properties?.json ?? .null,
      ]
    }
    return [
      "version": .string(Version.number), "devices": .array(devices), "problems": .array(problems.map { .string($0) }),
      "auto": .string(entries.first(where: \.isChosen)?.information.identifier ?? "cpu"),
      "auto_reason": .string(reason),
    ]
  }

  /// At most 100 columns wide.
  var table: String {
    var lines = ["  " + Self.row("DEVICE", "NAME", "MEMORY", "UNITS", "CLOCK", "FP16", "SUB-GR.", "CMD-BUF.")]
    for entry in entries {
      let information = entry.information
      func mark(_ value: Bool) -> String { value ? "yes" : "no" }
      lines.append(
        (entry.isChosen ? "* " : "  ")
          + Self.row(
            information.identifier, information.name, Text.bytes(information.memoryBytes), "\(information.computeUnits)",
            information.clockMegahertz > 0 ? "\(information.clockMegahertz) MHz" : "-", mark(information.hasHalfPrecision),
            mark(information.hasSubgroups), mark(information.hasCommandBuffers)))
      let driver = information.driver.isEmpty ? "" : ", driver \(information.driver)"
      let verdict = (entry.isChosen ? "taken by 'auto': " : "not taken by 'auto': ") + entry.verdict
      let tuning = entry.tuning.map { [$0.description] + ($0.warning.map { [Text.line($0)] } ?? []) } ?? []
      let test = if case .failed? = entry.selfTest, !verdict.contains("self-test") { ["self-test failed"] } else { [String]() }
      for text in [information.platform + driver, verdict] + test + (entry.note.map { [$0] } ?? []) + tuning {
        lines += Text.wrapped(text, width: 86).map { String(repeating: " ", count: 14) + $0 }
      }
    }
    for problem in problems { lines += Text.wrapped(problem, width: 96).map { "  " + $0 } }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func row(
    _ identifier: String, _ name: String, _ memory: String, _ units: String, _ clock: String, _ half: String, _ subgroups: String,
    _ buffers: String
  ) -> String {
    Text.column(identifier, 12) + Text.column(name, 34) + Text.column(memory, 11, right: true) + Text.column(units, 6, right: true)
      + Text.column(clock, 10, right: true) + Text.column(half, 6, right: true) + Text.column(subgroups, 9, right: true)
      + Text.column(buffers, 10, right: true)
  }
}

extension OpenCLProperties {
  var json: JSONValue {
    func list(_ words: [String]) -> JSONValue { .array(words.map { .string($0) }) }
    return [
      "vendor": .string(vendor), "platform_version": .string(platformVersion), "version": .string(version),
      "c_version": .string(languageVersion), "profile": .string(profile), "available": .bool(isAvailable), "compiler": .bool(hasCompiler),
      "little_endian": .bool(isLittleEndian), "images": .bool(hasImages), "address_bits": .integer(Int64(addressBits)),
      "largest_allocation_bytes": .integer(Int64(clamping: largestAllocation)),
      "base_alignment_bits": .integer(Int64(baseAlignmentBits)), "local_memory_bytes": .integer(Int64(clamping: localBytes)),
      "own_local_memory": .bool(hasOwnLocalMemory), "work_group_size": .integer(Int64(groupSize)),
      "work_item_sizes": .array(itemSizes.map { .integer(Int64($0)) }), "parameter_bytes": .integer(Int64(parameterBytes)),
      "native_vector_width": .integer(Int64(nativeVectorWidth)), "preferred_vector_width": .integer(Int64(preferredVectorWidth)),
      "single_precision": list(singlePrecision), "fp64": .bool(hasDoublePrecision), "extensions": list(extensions),
    ]
  }
}
