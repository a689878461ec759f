/// The engine, for programs that define GRAPNEL_SEPARATE_COMPILATION for all their sources: compile
/// this file once and link it. CMake's target grapnel::compiled does both.
#ifndef GRAPNEL_SEPARATE_COMPILATION
#error "define GRAPNEL_SEPARATE_COMPILATION for every source of the program, this one included"
#endif

#include <grapnel/core/impl/compose.hpp>
#include <grapnel/core/impl/error.hpp>
#include <grapnel/core/impl/hook_handle.hpp>
#include <grapnel/core/impl/hook_stack.hpp>
#include <grapnel/core/impl/op.hpp>
#include <grapnel/core/impl/place.hpp>
#include <grapnel/core/impl/stack.hpp>
#include <grapnel/grapnel.hpp>
#include <grapnel/hook/impl/guard.hpp>
#include <grapnel/model/impl/codec.hpp>
#include <grapnel/model/impl/error.hpp>
#include <grapnel/model/impl/relation.hpp>
#include <grapnel/model/impl/table.hpp>
#include <grapnel/model/impl/type_ops.hpp>
#include <grapnel/model/impl/value.hpp>
#include <grapnel/store/builders/impl/builder.hpp>
#include <grapnel/store/builders/impl/create.hpp>
#include <grapnel/store/builders/impl/create_bulk.hpp>
#include <grapnel/store/describe/impl/types.hpp>
#include <grapnel/store/driver/impl/error.hpp>
#include <grapnel/store/driver/impl/owned_driver.hpp>
#include <grapnel/store/impl/check.hpp>
#include <grapnel/store/migrate/impl/migration.hpp>
#include <grapnel/store/mutation/impl/any_mutation.hpp>
#include <grapnel/store/mutation/impl/draft.hpp>
#include <grapnel/store/mutation/impl/edge_changes.hpp>
#include <grapnel/store/mutation/impl/touched.hpp>
#include <grapnel/store/mutation/impl/value.hpp>
#include <grapnel/store/predicate/impl/operand.hpp>
#include <grapnel/store/predicate/impl/tree.hpp>
#include <grapnel/store/query/impl/asked.hpp>
#include <grapnel/store/query/impl/eager.hpp>
#include <grapnel/store/query/impl/intercept.hpp>
#include <grapnel/store/query/impl/query.hpp>
#include <grapnel/store/query/impl/reading.hpp>
#include <grapnel/store/query/impl/rows.hpp>
#include <grapnel/store/query/impl/sql.hpp>
#include <grapnel/store/query/impl/values.hpp>
#include <grapnel/store/query/impl/walk.hpp>
#include <grapnel/store/sqlite/impl/open.hpp>
#include <grapnel/store/tx/impl/dependencies.hpp>
#include <grapnel/store/tx/impl/handle.hpp>
#include <grapnel/store/tx/impl/lost_commit.hpp>
#include <grapnel/store/tx/impl/retry.hpp>
#include <grapnel/store/tx/impl/running_mutations.hpp>
#include <grapnel/store/tx/impl/session.hpp>
#include <grapnel/store/tx/impl/tx.hpp>
#include <grapnel/store/tx/impl/tx_callbacks.hpp>
#include <grapnel/store/write/impl/explanation.hpp>
#include <grapnel/store/write/impl/hooks.hpp>
#include <grapnel/store/write/impl/run.hpp>
#include <grapnel/store/write/impl/stages.hpp>
