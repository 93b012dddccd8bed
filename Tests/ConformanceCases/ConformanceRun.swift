import StepSupport

extension Table {
  /// What rows are found and listed by: the table's name and the row's.
  package func title(of row: Case) -> String { "\(name): \(row.name)" }

  /// The rows that have a text in their title, in any case; all of them for `nil`.
  package func rows(with filter: String?) -> Table {
    guard let filter = filter?.lowercased() else { return self }
    return Table(name: name, cases: cases.filter { title(of: $0).lowercased().contains(filter) })
  }
}

extension Check {
  /// What checks are found and listed by.
  package var title: String { "\(Self.table): \(name)" }

  /// What stands for a table's name.
  package static let table = "beside the tables"

  /// Those that have a text in their title, in any case; all of them for `nil`.
  package static func all(with filter: String?) -> [Check] {
    guard let filter = filter?.lowercased() else { return all }
    return all.filter { $0.title.lowercased().contains(filter) }
  }

  /// What is wrong, where a device's error is wrong, too.
  package func findings(on device: TestDevice, patience: inout Int) -> [Finding] {
    guard patience > 0 else { return [.unchecked(name, on: device)] }
    do { return try failures(on: device) } catch {
      patience -= 1
      return [Finding(device: device.name, row: name, problem: "\(error)", excess: nil)]
    }
  }
}

extension Finding {
  fileprivate static func unchecked(_ row: String, on device: TestDevice) -> Finding {
    Finding(device: device.name, row: row, problem: "not checked, because the device failed too often", excess: nil)
  }
}

extension Conformance {
  /// A few rows, on OpenCL only: for running under an interpreter that checks every access.
  package static let isSubset = TestDevices.isSet("GLISSADE_CONFORMANCE_SUBSET")

  /// The rows that a device is asked for: all of them, or fewer where a driver is slow to build kernels.
  package func rows(for device: TestDevice) -> Conformance {
    if Self.isSubset { return subset(every: device.isSlowToPrepare ? 36 : 9) }
    return device.isSlowToPrepare && table.cases.count > 12 ? every(3) : self
  }

  /// How many errors of a device are borne before the rest of its rows is left.
  package static let patience = 20

  /// What is wrong, where a device's error is one more thing that is wrong: halves of the table are then tried by themselves, down to the rows
  /// that fail.
  /// - Parameter patience: how many more errors to bear; what is left once they are used up counts as wrong, unchecked.
  package func findings(on device: TestDevice, fuses: Bool = true, patience: inout Int) -> [Finding] {
    guard patience > 0 else {
      return table.cases.map { .unchecked($0.name, on: device) }
    }
    do { return try failures(on: device, fuses: fuses) } catch {
      guard table.cases.count > 1 else {
        patience -= 1
        return [Finding(device: device.name, row: table.cases.first?.name ?? table.name, problem: "\(error)", excess: nil)]
      }
      let half = table.cases.count / 2
      return taking(Array(0..<half)).findings(on: device, fuses: fuses, patience: &patience)
        + taking(Array(half..<table.cases.count)).findings(on: device, fuses: fuses, patience: &patience)
    }
  }
}

extension SecondDerivatives {
  /// What is wrong, where a device's error is one more thing that is wrong.
  package func findings(on device: TestDevice, patience: inout Int) -> [Finding] {
    guard patience > 0, !Conformance.isSubset else { return [] }
    do { return try failures(on: device) } catch {
      patience -= 1
      return [Finding(device: device.name, row: "\(table.name), differentiated twice", problem: "\(error)", excess: nil)]
    }
  }
}
