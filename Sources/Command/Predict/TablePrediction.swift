import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension PredictCommand {
  /// Prints what a model of tables makes of each row of the files.
  func predict(_ table: TableDescription, _ run: RunDescription, _ model: any Layer, _ states: [ModelState]) throws {
    // All files are read before anything is printed, so that a mistake in the last one does not leave half a result.
    var inputs: [(table: Table, features: [Float], rows: [Int])] = []
    for path in files {
      let file = try table.table(path, withTarget: false)
      let (features, rows) = try table.encoding.features(of: file)
      inputs.append((file, features, rows))
    }
    for file in inputs.map(\.table) {
      for line in table.encoding.losses(of: file, withTarget: false) {
        Terminal.write("glissade: \(Text.line("\(file.path): \(line)"))\n", to: STDERR_FILENO)
      }
    }
    let largest = inputs.map(\.rows.count).max() ?? 1
    let size = min(batchSize ?? run.batchSize, largest)
    let session = try device.open().withRoom(Terminal.note) { selection in
      let session = try TrainingSession(
        model: model, sampleShape: Shape(run.input), batchSize: size,
        loss: run.loss, groups: [],
        device: selection.device, isExact: run.isExact)
      try session.checkRoom(batchSize: size, isTraining: false, states: 1)
      return session
    }
    let ensemble = EnsembleSession(Ensemble(states, of: .of(run)), on: session)
    var results: [JSONValue] = []
    for (file, features, rows) in inputs {
      let width = table.encoding.width
      for start in stride(from: 0, to: rows.count, by: size) {
        let batch = start..<min(start + size, rows.count)
        let (output, members) = try ensemble.answers(Array(features[(batch.lowerBound * width)..<(batch.upperBound * width)]))
        let count = output.count / batch.count
        for (index, sample) in batch.enumerated() {
          let line = Int(file.lines[rows[sample]])
          let place = (index * count)..<((index + 1) * count)
          let (text, found) = result(output[place], members.map { $0[place] }, table)
          if json {
            results.append(.object([JSONMember("file", .string(file.path)), JSONMember("line", .integer(Int64(line)))] + found))
          } else {
            try Terminal.print("\(printable(file.path)):\(line): \(text)\n")
          }
        }
      }
    }
    if json { try Terminal.print(JSONValue.array(results).text(pretty: true)) }
  }

  /// What the outputs for one row say, for people and for programs.
  private func result(
    _ output: ArraySlice<Float>, _ members: [ArraySlice<Float>], _ table: TableDescription
  ) -> (text: String, members: [JSONMember]) {
    if case .classes(_, let classes) = table.encoding.target {
      let likeliest = Self.likeliest(output, top ?? Self.usualTop)
      let agreement = Agreement(members, on: likeliest.first?.label)
      return (Self.text(likeliest, classes) + agreement.text, [JSONMember("classes", Self.json(likeliest, classes))] + agreement.json)
    }
    // The network's numbers are standardised, and float32: the digits behind a millionth of the deviation say nothing.
    let values = zip(table.encoding.values, output).enumerated().map { index, pair in
      let (target, output) = pair
      func number(_ output: Float) -> Double {
        table.areMarks ? 1 / (1 + exp(-Double(output))) : target.mean + target.deviation * Double(output)
      }
      let value = number(output)
      let agreement = Agreement(
        values: members.map { number($0[$0.startIndex + index]) }, digits: table.areMarks ? 1e-3 : target.deviation * 1e-6)
      let shown = table.areMarks ? Text.percent(value, 1) : Text.rounded(value, to: target.deviation * 1e-6)
      return (name: target.name, number: value, text: "\(target.name) \(shown)\(agreement.text)", agreement: agreement.json)
    }
    let text = values.map(\.text).joined(separator: "  ")
    guard values.count > 1 else {
      return (text, values.flatMap { [JSONMember("column", .string($0.name)), JSONMember("value", .number($0.number))] + $0.agreement })
    }
    return (text, [JSONMember("values", .object(values.map { JSONMember($0.name, .number($0.number)) }))])
  }
}
