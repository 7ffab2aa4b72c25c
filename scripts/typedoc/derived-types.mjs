// A plugin for types that are made from others. By itself TypeDoc takes a method of `Promised<LinkOperations>` to have one parameter that stands
// for all and no comment, and other members of mapped types to have the types they had before.
//
// The compiler does not check this file, for TypeDoc's declarations need those of a browser.
import { Converter, ParameterReflection, ReferenceType, ReflectionFlag, ReflectionKind } from 'typedoc'
import ts from 'typescript'

export function load({ converter }) {
  converter.on(Converter.EVENT_CREATE_SIGNATURE, (context, reflection, _, signature) => {
    const method = context.getSymbolFromReflection(reflection.parent)?.declarations?.find(ts.isMethodDeclaration)
    if (method === undefined || signature?.declaration === method) return
    reflection.comment = context.getSignatureComment(method)
    const inside = context.withScope(reflection)
    reflection.parameters = method.parameters.map((node) => {
      const parameter = new ParameterReflection(node.name.getText(), ReflectionKind.Parameter, reflection)
      context.registerReflection(parameter, undefined)
      parameter.type = converter.convertType(inside.withScope(parameter), node.type)
      parameter.setFlag(ReflectionFlag.Optional, node.questionToken !== undefined)
      parameter.setFlag(ReflectionFlag.Rest, node.dotDotDotToken !== undefined)
      parameter.defaultValue = node.initializer?.getText()
      return parameter
    })
  })

  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    // What a constant or an attribute table is made from is no default.
    delete reflection.defaultValue
    const symbol = context.getSymbolFromReflection(reflection)
    // A member that a mapped type gives another name is declared nowhere; the one that it was made from says what it is.
    let origin = symbol?.links?.syntheticOrigin
    while (origin?.declarations === undefined && origin?.links?.syntheticOrigin) origin = origin.links.syntheticOrigin
    if (origin !== undefined) reflection.comment ??= context.getComment(origin, reflection.kind)
    const written = symbol?.declarations?.find(ts.isPropertySignature)?.type
    if (written === undefined) return
    const { checker } = context
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(symbol))
    if (type === checker.getNonNullableType(checker.getTypeFromTypeNode(written))) return
    reflection.type = converter.convertType(context.withScope(reflection), type)
  })

  // What a type is derived from is of use only to a reader who can look it up; of its members, the type has been said.
  converter.on(Converter.EVENT_END, ({ project }) => {
    const own = ({ package: from, name }) => from === project.packageName || name === 'Omit'
    const hidden = (type) => type instanceof ReferenceType && !type.reflection && own(type)
    for (const reflection of Object.values(project.reflections)) {
      delete reflection.inheritedFrom
      if (reflection.extendedTypes?.every(hidden)) delete reflection.typeHierarchy
    }
  })
}
