import Foundation
import GlissadeFormats
import GlissadeModels
import TestSupport
import Testing

@testable import GlissadeWeights

/// What is known of published weights.
struct PublishedWeightsTests {
  @Test func whatIsBuiltInMakesSense() {
    var names: Set<[String]> = []
    for weights in PublishedWeights.builtIn {
      #expect(ModelZoo.names.contains(weights.model))
      #expect(names.insert([weights.name, weights.model]).inserted)
      #expect(weights.address.hasPrefix("https://") && weights.address.hasSuffix("/" + weights.fetched.name))
      for file in [weights.file, weights.fetched] {
        #expect(KnownDigest(file.digest.digits) == file.digest && file.size.approximate > 1 << 20)
      }
      // The publishers write the first eight digits into the name.
      let digits = weights.file.digest.digits.prefix(8)
      #expect(weights.file.name.hasSuffix("-\(digits).pth"), "\(weights.file.name)")
      #expect(!weights.licence.isEmpty && !weights.publisher.isEmpty)
    }
    // Of these nobody has published weights that can be read here.
    let without = Set(ModelZoo.names).subtracting(PublishedWeights.builtIn.map(\.model))
    #expect(without == ["mlp", "lenet", "resnet18", "efficientnet-lite3", "efficientnet-lite4"])
  }

  @Test func namesGoWithModels() throws {
    #expect(try PublishedWeights.named("imagenet", for: "resnet50")?.file.name == "resnet50-11ad3fa6.pth")
    #expect(try PublishedWeights.named("imagenet-v1", for: "resnet50")?.file.name == "resnet50-0676ba61.pth")
    #expect(try PublishedWeights.named("weights.pth", for: "resnet50") == nil)
    #expect(PublishedWeights.isName("imagenet") && !PublishedWeights.isName("./imagenet"))
    let (resnet18, resnet34) = (try objection("imagenet", "resnet18"), try objection("imagenet-v1", "resnet34"))
    #expect(resnet18.hasPrefix("is 'imagenet', and no such weights of resnet18 are published; did you mean the model resnet18-imagenet?"))
    #expect(resnet34 == "is 'imagenet-v1', and no such weights of resnet34 are published; resnet34 has imagenet")
  }

  private func objection(_ name: String, _ model: String) throws -> String {
    do { _ = try PublishedWeights.named(name, for: model) } catch let error as UnpublishedWeights { return error.objection }
    return ""
  }

  @Test func aTableIsRead() throws {
    let folder = try TestSupport.TemporaryFolder()
    let digits = String(repeating: "0aF9", count: 16)
    let text = """
      [{"name": "ours", "model": "lenet", "address": "http://here/a/b.pth?x=1", "bytes": 12, "sha256": "\(digits)", "licence": "MIT"},
       {"name": "imagenet", "model": "resnet50", "address": "https://here/c", "file": "c.pth", "bytes": 3, "sha256": "01234567",
        "licence": "none", "publisher": "us", "accuracy": 0.5}]
      """
    let table = try WeightsTable.read(path: folder.put("table.json", Array(text.utf8)))
    #expect(table.map(\.file.name) == ["b.pth", "c.pth"] && table.map(\.model) == ["lenet", "resnet50"])
    #expect(table[0].file.digest == .whole(digits.lowercased()) && table[1].file.digest == .beginning("01234567"))
    #expect(table[0].file.size == .bytes(12) && table[1].accuracy == 0.5 && table[1].publisher == "us")
  }

  @Test func aTableThatMakesNoSenseIsRefused() throws {
    let folder = try TestSupport.TemporaryFolder()
    let good: [(String, String)] = [
      ("name", "\"a\""), ("model", "\"lenet\""), ("address", "\"http://h/a.pth\""), ("bytes", "12"), ("sha256", "\"01234567\""),
      ("licence", "\"MIT\""),
    ]
    func read(_ changes: [String: String]) throws -> String {
      let others = changes.filter { key, _ in !good.contains { $0.0 == key } }.map { ($0.key, $0.value) }
      let members = (good + others).map { "\"\($0.0)\": \(changes[$0.0] ?? $0.1)" }
      do {
        _ = try WeightsTable.read(path: folder.put("table.json", Array("[{\(members.joined(separator: ", "))}]".utf8)))
        return ""
      } catch { return "\(error)" }
    }
    #expect(try read([:]) == "")
    for (key, value, words) in [
      ("name", "\"\"", "entry 1: 'name' has to be a text"), ("model", "1", "'model' has to be a text"),
      ("address", "\"ftp://h/a\"", "it has to begin with https:// or http://"), ("address", "\"http://\"", "is no name for a file"),
      ("bytes", "0", "'bytes' has to be how many"), ("bytes", "1.5", "'bytes'"), ("sha256", "\"0123456\"", "at least the first eight"),
      ("sha256", "\"0123456g\"", "hexadecimal"), ("licence", "null", "'licence'"), ("file", "\"../x\"", "'../x' is no name for a file"),
    ] {
      let complaint = try read([key: value])
      #expect(complaint.hasPrefix(folder.file("table.json")) && complaint.contains(words), "\(key) \(value): \(complaint)")
    }
    #expect(throws: FormatError.self) { try WeightsTable.read(path: folder.put("table.json", Array("{}".utf8))) }
  }
}
