# Libraries with the names and functions of NVIDIA's, all in one folder for LD_LIBRARY_PATH: lib${name}.so.${version},
# with nothing to see but what exports.map beside the target lists.
set(LIBRARIES_ON_CPU ${CMAKE_CURRENT_BINARY_DIR}/lib)

function(library_on_cpu target name version)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_link_libraries(${target} PUBLIC cuda_on_cpu)
  target_link_options(${target} PRIVATE -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/exports.map)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} SOVERSION ${version}
    LIBRARY_OUTPUT_DIRECTORY ${LIBRARIES_ON_CPU} LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/exports.map)
endfunction()

add_subdirectory(nccl)
add_subdirectory(cublaslt)
