// Rows written and read back, and what a disk that fails leaves of them.
#include "recovery/csv/csv_writer.h"

#include <gtest/gtest.h>

#include "recovery/csv/csv_reader.h"
#include "temporary_directory.h"
#include "unit/recovery/disk/faulty_disk.h"

namespace redkeep::recovery {
namespace {

Status write_rows(Disk& disk, const std::string& path, int rows) {
  auto writer = CsvWriter::create(disk, path, {"a", "b"});
  if (!writer) return writer.error();
  for (int row = 0; row < rows; ++row) {
    if (const Status added = writer->add({std::to_string(row), "say \"x\",\r\ny"}); !added) {
      return added;
    }
  }
  return writer->finish();
}

int rows_read(const std::string& path) {
  auto reader = CsvReader::open(path, {{"a"}, {"b"}});
  if (!reader) return -1;
  int rows = 0;
  for (; reader->next() == CsvReader::Next::Row; ++rows) {
    EXPECT_EQ(reader->field(0), std::to_string(rows));
    EXPECT_EQ(reader->field(1), "say \"x\",\r\ny");
  }
  return rows;
}

TEST(CsvWriter, WhatItWritesIsReadBackByteForByte) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_rows(Disk::real(), directory.file("rows.csv"), 30'000).ok());
  EXPECT_EQ(rows_read(directory.file("rows.csv")), 30'000);
}

TEST(CsvWriter, TheChecksumIsThatOfTheFile) {
  const TemporaryDirectory directory;
  auto writer = CsvWriter::create(Disk::real(), directory.file("rows.csv"), {"a"});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->add({"x"}).ok());
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_EQ(writer->bytes(), 4);
  EXPECT_EQ(writer->rows(), 1);
  EXPECT_EQ(writer->checksum(), checksum_of_file(directory.file("rows.csv")).value());
  directory.write("rows.csv", "a\ny\n");
  EXPECT_NE(writer->checksum(), checksum_of_file(directory.file("rows.csv")).value());
}

TEST(CsvWriter, AFileThatIsThereIsNotOverwritten) {
  const TemporaryDirectory directory;
  directory.write("rows.csv", "mine\n");
  const Status written = write_rows(Disk::real(), directory.file("rows.csv"), 1);
  ASSERT_FALSE(written.ok());
  EXPECT_NE(written.error().message.find(directory.file("rows.csv")), std::string::npos);
}

// F38: at every call.
TEST(CsvWriter, EveryCallThatFailsIsTold) {
  int calls = 0;
  {
    const TemporaryDirectory directory;
    FaultyDisk counts(0, DiskFault::Fails);
    ASSERT_TRUE(write_rows(counts, directory.file("rows.csv"), 30'000).ok());
    calls = counts.calls();
  }
  ASSERT_GT(calls, 4);
  for (const DiskFault fault : {DiskFault::Fails, DiskFault::Half}) {
    for (int at = 1; at <= calls; ++at) {
      const TemporaryDirectory directory;
      FaultyDisk disk(at, fault, ENOSPC);
      const Status written = write_rows(disk, directory.file("rows.csv"), 30'000);
      ASSERT_FALSE(written.ok()) << at;
      EXPECT_EQ(written.error().kind, ErrorKind::Io);
      EXPECT_NE(written.error().message.find("No space left"), std::string::npos);
    }
  }
}

// F39: at every call.
TEST(CsvWriter, ShortWritesAndInterruptionsLoseNothing) {
  for (const DiskFault fault : {DiskFault::Short, DiskFault::Interrupted}) {
    for (int at = 1; at <= 5; ++at) {
      const TemporaryDirectory directory;
      FaultyDisk disk(at, fault);
      ASSERT_TRUE(write_rows(disk, directory.file("rows.csv"), 30'000).ok()) << at;
      EXPECT_EQ(rows_read(directory.file("rows.csv")), 30'000);
    }
  }
}

}  // namespace
}  // namespace redkeep::recovery
