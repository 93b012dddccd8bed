import Glissade
import GlissadeFormats

/// What there is to say of a file of weights.
struct Inspection {
  let file: WeightsFile
  /// The run that it is of, by the recipe beside it.
  let run: RunDescription?
  /// More of it, where the run is on a table.
  private let table: TableInspection?
  /// What models of ours would make of it.
  private let fitting: [FittingModel]
  private let nearest: FittingModel?
  /// Where nothing fits, the model of which there is the most.
  private let far: FittingModel?

  /// - Parameter file: the file, or what was chosen of it.
  init(_ file: WeightsFile) throws {
    self.file = file
    let path = file.path
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    // Any other file may be called that.
    run = try? RunDescription(of: RunFolder(folder))
    table = run?.table.map { TableInspection($0, in: RunFolder(folder)) }
    // A network for a table is none of ours for pictures.
    guard table == nil else {
      (fitting, nearest, far) = ([], nil, nil)
      return
    }
    // Far beyond any picture it would be a number that overflows products of shapes.
    let input = run.flatMap { $0.input.count == 3 && $0.input.allSatisfy { $0 <= 4096 } ? Shape($0.input) : nil }
    (fitting, nearest, far) = FittingModel.all(for: file, input: input)
  }

  /// Elements of all floating-point tensors: weights, and running statistics, which no file tells apart. Counters are integers.
  var parameters: Int {
    let floating: [SafetensorsType] = [.float64, .float32, .float16, .bfloat16]
    return file.tensors.filter { floating.contains($0.type) }.reduce(0) { $0 + $1.count }
  }

  var byteCount: Int { file.tensors.reduce(0) { $0 + $1.byteCount } }

  var json: JSONValue {
    [
      "file": .string(file.path),
      "format": .string(file.format.rawValue),
      "tensors": .array(
        file.tensors.map { tensor in
          [
            "path": .string(tensor.name), "shape": .array(tensor.shape.map { .integer(Int64($0)) }), "dtype": .string(tensor.type.rawValue),
            "bytes": .integer(Int64(tensor.byteCount)),
          ]
        }),
      "parameters": .integer(Int64(parameters)),
      "bytes": .integer(Int64(byteCount)),
      "run": runJSON,
      "models": .array(fitting.map(\.json)),
      "nearest": nearest?.json ?? .null,
      "parts": .array(file.parts.map { ["key": .string($0.key), "tensors": .integer(Int64($0.count))] }),
      "unread": .array(file.unread.map { ["path": .string($0.name), "reason": .string($0.reason)] }),
      "opaque": .array(file.opaqueClasses.map { ["class": .string($0.name), "values": .integer(Int64($0.count))] }),
      "metadata": .object(file.metadata.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }),
    ]
  }

  var listing: String {
    let names = file.tensors.map { printable($0.name) }
    let shapes = file.tensors.map { "\($0.shape)" }
    let widths = Text.widths(of: [["NAME", "SHAPE"]] + zip(names, shapes).map { [$0, $1] })
    let (nameWidth, shapeWidth) = (widths[0], widths[1])
    func row(_ name: String, _ shape: String, _ type: String, _ size: String) -> String {
      Text.column(name, nameWidth) + "  " + Text.column(shape, shapeWidth) + "  " + Text.column(type, 5)
        + Text.column(size, 12, right: true)
    }
    var lines = [row("PATH", "SHAPE", "DTYPE", "SIZE")]
    for (index, tensor) in file.tensors.enumerated() {
      lines.append(row(names[index], shapes[index], tensor.type.rawValue, Text.bytes(UInt64(tensor.byteCount))))
    }
    lines.append("\(Self.summary(file)), \(parameters) parameters with running statistics (\(file.format.rawValue))")
    let parts = file.parts
    let loose = file.tensors.count { $0.keys.count == 1 }
    if parts.count > 1 || !parts.isEmpty && loose > 0 {
      let list = parts.map { "\(printable($0.key)): \($0.count)" } + (loose > 0 ? ["beside these: \(loose)"] : [])
      lines.append("in " + list.joined(separator: ", "))
    }
    lines += file.unread.prefix(5).map { "not read: \(printable($0.name)), \(printable($0.reason))" }
    if file.unread.count > 5 { lines.append("not read: \(file.unread.count - 5) more") }
    if !file.opaqueClasses.isEmpty {
      let shown = file.opaqueClasses.prefix(8).map { "\(printable($0.name)) (\($0.count))" }.joined(separator: ", ")
      lines.append("values of other classes, of which nothing is made or run: \(shown)\(file.opaqueClasses.count > 8 ? ", …" : "")")
    }
    if let run { lines.append(line(of: run)) }
    lines += table?.lines ?? []
    lines += (fitting + [nearest, far].compactMap { $0 }).flatMap(\.lines)
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) { lines.append("\(printable(key)): \(printable(value))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private var runJSON: JSONValue {
    guard let run else { return .null }
    return .object(
      [
        JSONMember("model", .string(run.model)), JSONMember("input", .array(run.input.map { .integer(Int64($0)) })),
        JSONMember("data", .string(run.data)), JSONMember("classes", .array(run.classNames.map { .string($0) })),
      ] + (table?.json ?? []))
  }

  private func line(of run: RunDescription) -> String {
    let shown = 5
    let names = run.classNames.prefix(shown).map { printable($0) }.joined(separator: ", ") + (run.classNames.count > shown ? ", …" : "")
    let what = run.isMultiLabel ? "labels, any number each," : "classes"
    let values = run.deviations.count > 1 ? "\(run.deviations.count) \(run.areMarks ? "labels" : "values")" : "one value"
    let classes = run.classNames.isEmpty ? values : "\(run.classNames.count) \(what) (\(names))"
    let head = run.head.flatMap { $0 == "dense" ? nil : " with the head \(printable($0))" } ?? ""
    let model = "\(printable(run.model))\(head) for samples of \(Shape(run.input)) and \(classes)"
    return "of a run, by its recipe.yaml: \(model), on \(printable(run.data))"
  }

  /// How much there is of it.
  static func summary(_ file: WeightsFile) -> String {
    let bytes = file.tensors.reduce(0) { $0 + $1.byteCount }
    return "\(file.tensors.count) tensor\(file.tensors.count == 1 ? "" : "s"), \(Text.bytes(UInt64(bytes)))"
  }
}
