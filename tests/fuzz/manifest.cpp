// Any text as a manifest: it is refused, or it is byte for byte what we would write.
#include "recovery/checkpoint/manifest.h"

#include "fuzz/fuzz_target.h"
#include "recovery/disk/checksum.h"

namespace redkeep::fuzz {
namespace {

using recovery::Manifest;

void try_text(const std::string& text) {
  const auto parsed = recovery::parse_manifest(text, "manifest.json");
  if (parsed) {
    require(recovery::print_manifest(*parsed) == text, "what is taken is what we would write");
    require(parsed->files.size() == 2, "what is taken has all files");
    return;
  }
  require(parsed.error().message.starts_with("manifest.json: "), "an error names the file");
}

// With the checksum that the text should have: mutations hardly ever hit it.
std::string with_checksum(const std::string& text) {
  const std::string body = text.substr(0, text.rfind("  \"checksum\": \""));
  recovery::Checksum checksum;
  checksum.add(body);
  return body + "  \"checksum\": \"" + checksum.text() + "\"\n}\n";
}

}  // namespace

std::vector<std::string> seeds() {
  Manifest manifest;
  manifest.files = {{"entities.csv", 3, 300, "0123456789abcdef"},
                    {"associations.csv", 0, 37, "fedcba9876543210"}};
  const std::string without_position = print_manifest(manifest);
  manifest.written_at = std::chrono::sys_seconds{std::chrono::seconds{1'795'746'195}};
  manifest.position = 9'223'372'036'854'775'807;
  return {without_position, print_manifest(manifest), "{}",
          "{\"redkeep_checkpoint\": 1, \"files\": [{}, {}]}", "[[[[[[[[1]]]]]]]]"};
}

}  // namespace redkeep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  redkeep::fuzz::try_text(text);
  redkeep::fuzz::try_text(redkeep::fuzz::with_checksum(text));
  return 0;
}
