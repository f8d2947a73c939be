// The bytes of a snapshot. That a server reads them is seen in tests/live.
#include "redis/snapshot_writer.h"

#include <gtest/gtest.h>

#include <vector>

namespace redkeep::redis {
namespace {

using namespace std::string_literals;
using Texts = std::vector<std::string_view>;

const std::string kHead = "REDIS0010\xFE\x00\xFB\x03\x00"s;
const std::string kTail = "\xFF\0\0\0\0\0\0\0\0"s;

TEST(SnapshotWriter, BeginsWithTheVersionAndEndsWithoutAChecksum) {
  SnapshotWriter writer(3);
  writer.end();
  EXPECT_EQ(writer.bytes(), kHead + kTail);
}

TEST(SnapshotWriter, AStringIsItsTypeKeyAndValue) {
  SnapshotWriter writer(3);
  writer.add_string("key", std::string(70, 'v'));
  EXPECT_EQ(writer.bytes(), kHead + "\0\3key\x40\x46"s + std::string(70, 'v'));
}

// The value is that of a payload for RESTORE, whose bytes a server has confirmed.
TEST(SnapshotWriter, AHashAndASetHaveTheKeyBetweenTypeAndValue) {
  const Texts texts{"name", "value"};
  DumpPayload payload;
  SnapshotWriter writer(3);
  std::string expected = kHead;
  for (const bool is_set : {false, true}) {
    const std::string whole(is_set ? payload.set(texts) : payload.hash(texts));
    expected += whole.substr(0, 1) + "\1k" + whole.substr(1, whole.size() - 11);
    is_set ? writer.add_set("k", texts) : writer.add_hash("k", texts);
  }
  EXPECT_EQ(writer.bytes(), expected);
}

}  // namespace
}  // namespace redkeep::redis
