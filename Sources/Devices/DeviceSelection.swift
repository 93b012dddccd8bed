/// Which device somebody asks for: `auto`, `cpu`, `opencl`, `opencl:P.D`.
public enum DeviceRequest: Hashable, Sendable, CustomStringConvertible {
  /// The best GPU whose kernels pass the self-test, otherwise the CPU.
  case auto
  /// The CPU, natively.
  case cpu
  /// The best OpenCL device of any type.
  case openCL
  /// A certain OpenCL device.
  case openCLDevice(platform: Int, device: Int)

  /// - Parameter text: as on the command line.
  /// - Returns: `nil` for anything else than the four forms.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .auto
    case "cpu": self = .cpu
    case "opencl": self = .openCL
    default:
      guard text.hasPrefix("opencl:") else { return nil }
      let numbers = text.dropFirst("opencl:".count).split(separator: ".", omittingEmptySubsequences: false).map { UInt16($0) }
      guard numbers.count == 2, let platform = numbers[0], let device = numbers[1] else { return nil }
      self = .openCLDevice(platform: Int(platform), device: Int(device))
    }
  }

  public var description: String {
    switch self {
    case .auto: "auto"
    case .cpu: "cpu"
    case .openCL: "opencl"
    case .openCLDevice(let platform, let device): "opencl:\(platform).\(device)"
    }
  }
}

/// A device that was asked for and is not there.
public struct DeviceSelectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was asked for.
  public let request: DeviceRequest
  /// Why it cannot be had, and what there is.
  public let problem: String
  public var description: String { "device \(request): \(problem)" }
}

/// An open device, and why it is this one.
public struct DeviceSelection: Sendable {
  /// The open device.
  public let device: any Device
  /// One line.
  public let reason: String
  /// Whether training may go on on the CPU if the device fails.
  public let mayFallBack: Bool

  /// - Parameters:
  ///   - device: an open device.
  ///   - reason: why it is this one.
  ///   - mayFallBack: whether training may go on on the CPU if it fails.
  public init(device: any Device, reason: String, mayFallBack: Bool) {
    self.device = device
    self.reason = reason
    self.mayFallBack = mayFallBack
  }

  /// Opens the device that a request leads to. Fallback happens here, for the whole run, and says why.
  /// - Parameters:
  ///   - request: what is wanted.
  ///   - threads: threads of the CPU device; `nil` for `GLISSADE_THREADS`, or all cores.
  /// - Throws: `DeviceSelectionError` for a device that is not there; `DeviceError` for an explicit one that cannot be opened or computes
  ///   wrong results.
  public static func open(_ request: DeviceRequest, threads: Int? = nil) throws -> DeviceSelection {
    switch request {
    case .cpu: return DeviceSelection(device: try CPUDevice(threads: threads), reason: "asked for", mayFallBack: false)
    case .auto:
      let survey = DeviceSurvey()
      if let device = survey.chosen { return DeviceSelection(device: device, reason: survey.reason, mayFallBack: true) }
      return DeviceSelection(device: try CPUDevice(threads: threads), reason: survey.reason, mayFallBack: false)
    case .openCL, .openCLDevice:
      let discovery = OpenCLDiscovery()
      guard let first = discovery.candidates.sorted(by: DeviceSurvey.isBetter).first else {
        throw DeviceSelectionError(request: request, problem: discovery.absence ?? "OpenCL has no device")
      }
      guard request != .openCL else { return try asked(for: first) }
      guard let candidate = discovery.candidates.first(where: { $0.information.identifier == request.description }) else {
        let known = discovery.candidates.map { "\($0.information.identifier) (\($0.information.name))" }.joined(separator: ", ")
        let problems = discovery.problems.map { "; \($0)" }.joined()
        throw DeviceSelectionError(request: request, problem: "there is no such device; OpenCL has \(known)\(problems)")
      }
      return try asked(for: candidate)
    }
  }

  /// Opens a device and tests it. One that cannot run kernels whose work-items share local memory, or computes wrongly with them, may well
  /// run plainer ones; its `note` says so.
  static func tested(_ candidate: OpenCLCandidate) throws(DeviceError) -> OpenCLDevice {
    let device = try OpenCLDevice(candidate)
    let reason: DeviceError
    do throws(DeviceError) {
      try SelfTest.run(on: device)
      return device
    } catch { reason = error }
    guard device.style == .gpu else { throw reason }
    var attempts: [(groupLimit: Int?, what: String)] = [(1, "no kernel uses groups of work-items")]
    if device.profile.products != ProductTuning() { attempts.insert((nil, "products use register tiles"), at: 0) }
    for (groupLimit, what) in attempts {
      do throws(DeviceError) {
        let plain = try OpenCLDevice(candidate, products: ProductTuning(), groupLimit: groupLimit)
        try SelfTest.run(on: plain)
        plain.add(note: "\(what), since \(reason.failure)")
        return plain
      } catch _ { continue }
    }
    throw reason
  }

  private static func asked(for candidate: OpenCLCandidate) throws(DeviceError) -> DeviceSelection {
    let device = try tested(candidate)
    return DeviceSelection(device: device, reason: "asked for" + (device.note.map { "; \($0)" } ?? ""), mayFallBack: false)
  }
}

/// What `auto` thinks of each device.
public struct DeviceSurvey {
  /// An OpenCL device and why it is not taken; `nil` for the one that is.
  public struct Entry: Sendable {
    /// What it is.
    public let information: DeviceInformation
    /// Why it is not taken, in one line; `nil` for the one that is.
    public let objection: String?
    /// Where its kernels for products come from.
    public let tuning: DeviceTuning
    /// What else it says of itself.
    public let properties: OpenCLProperties
    /// What came of its self-test.
    public let selfTest: SelfTestVerdict
    /// What was found out about it, and what is done about it.
    public let note: String?
  }

  /// What came of a device's self-test.
  public enum SelfTestVerdict: Hashable, Sendable, CustomStringConvertible {
    /// Its kernels compute what the processor's compute.
    case passed
    /// Why, in one line.
    case failed(String)
    /// Nobody asked: another device was taken first, or it is a processor.
    case notRun

    public var description: String {
      switch self {
      case .passed: "passed"
      case .failed(let reason): "failed: \(reason)"
      case .notRun: "not run"
      }
    }
  }

  /// Every OpenCL device, in OpenCL's order.
  public let entries: [Entry]
  /// Platforms that could not be asked for their devices, and why; one line each.
  public let problems: [String]
  /// The OpenCL device that `auto` takes; `nil` for the CPU.
  public let chosen: OpenCLDevice?
  /// Why.
  public let reason: String

  /// Opens and tests GPUs, the best first, until one passes.
  /// - Parameter testsAll: whether every device is tested, also those that `auto` would not take.
  public init(testingAll testsAll: Bool = false) {
    let discovery = OpenCLDiscovery()
    var verdicts: [String: SelfTestVerdict] = [:]
    var notes: [String: String] = [:]
    func test(_ candidate: OpenCLCandidate) throws(DeviceError) -> OpenCLDevice {
      let identifier = candidate.information.identifier
      do throws(DeviceError) {
        let device = try DriverPatience.run(seconds: try DriverPatience.opening(identifier), device: identifier) { () throws(DeviceError) in
          try DeviceSelection.tested(candidate)
        }
        verdicts[identifier] = .passed
        notes[identifier] = device.note
        return device
      } catch {
        verdicts[identifier] = .failed(error.failure)
        throw error
      }
    }
    var objections: [String: String] = [:]
    var taken: OpenCLDevice?
    var failures: [String] = []
    for candidate in discovery.candidates.sorted(by: Self.isBetter) {
      let identifier = candidate.information.identifier
      if candidate.information.kind == .cpu {
        objections[identifier] = "a CPU through OpenCL; the native CPU device is preferred"
      } else if let taken {
        objections[identifier] = "\(taken.information.identifier) ranks higher"
      } else {
        do throws(DeviceError) { taken = try test(candidate) } catch {
          objections[identifier] = error.description
          failures.append("\(candidate.information.name): \(error.description)")
        }
      }
    }
    if testsAll {
      for candidate in discovery.candidates where verdicts[candidate.information.identifier] == nil { _ = try? test(candidate) }
    }
    chosen = taken
    problems = discovery.problems
    entries = discovery.candidates.map {
      Entry(
        information: $0.information,
        objection: $0.information.identifier == taken?.information.identifier ? nil : objections[$0.information.identifier] ?? "",
        tuning: $0.information.identifier == taken?.information.identifier ? taken?.tuning ?? $0.tuning : $0.tuning,
        properties: $0.properties, selfTest: verdicts[$0.information.identifier] ?? .notRun, note: notes[$0.information.identifier])
    }
    if let taken {
      let parts = ["the best GPU that passed its self-test"] + (taken.note.map { [$0] } ?? []) + failures.map { "not \($0)" }
      reason = parts.joined(separator: "; ")
    } else if let absence = discovery.absence {
      reason = absence
    } else if failures.isEmpty {
      reason = (["OpenCL has no GPU here"] + discovery.problems).joined(separator: "; ")
    } else {
      reason = "no GPU could be used: \(failures.joined(separator: "; "))"
    }
  }

  /// What can be used before what cannot; GPUs before accelerators before CPUs; memory of its own before shared; then by units times clock.
  static func isBetter(_ a: OpenCLCandidate, _ b: OpenCLCandidate) -> Bool {
    func rank(_ candidate: OpenCLCandidate) -> (Int, Int, Int, Int) {
      let information = candidate.information
      let kind = information.kind == .gpu ? 2 : information.kind == .accelerator ? 1 : 0
      return (
        candidate.objection == nil ? 1 : 0, kind, information.sharesHostMemory ? 0 : 1,
        information.computeUnits * max(information.clockMegahertz, 1)
      )
    }
    return rank(a) > rank(b)
  }
}
